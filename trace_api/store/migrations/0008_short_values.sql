-- An index takes no more of a value, and a page token has to hold one. Rows that are there already stay as they are.
ALTER TABLE event ADD CONSTRAINT event_values_are_short CHECK (
    greatest(octet_length(biz_step), octet_length(disposition), octet_length(read_point), octet_length(biz_location))
    <= 2000
) NOT VALID;
ALTER TABLE master_data ADD CONSTRAINT master_data_ids_are_short CHECK (
    octet_length(vocabulary) <= 600 AND octet_length(element_id) <= 2000
) NOT VALID;
