"""EPCIS 2.0's event query language (SimpleEventQuery, §8.2.7.1): one table, from which parser, SQL and manual come."""
