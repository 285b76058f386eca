//! Words of the Core Business Vocabulary, in whichever of their forms they come.

/// Web vocabulary of the CBV.
const CBV_WEB: &str = "https://ref.gs1.org/cbv/";
/// URNs of the CBV 1.x.
const CBV_URN: &str = "urn:epcglobal:cbv:";

/// The short name of a CBV term (`shipping`) that came as short name, CURIE (`cbv:BizStep-shipping`),
/// web URI or URN; any other text is itself. `web` and `urn` are the term's kinds in the latter two,
/// such as `BizStep-` and `bizstep:`.
#[must_use]
pub fn short_name<'a>(text: &'a str, web: &str, urn: &str) -> &'a str {
    let local = text.strip_prefix("cbv:").or_else(|| text.strip_prefix(CBV_WEB));
    let short = local
        .and_then(|local| local.strip_prefix(web))
        .or_else(|| text.strip_prefix(CBV_URN).and_then(|local| local.strip_prefix(urn)));
    short.unwrap_or(text)
}

/// Business steps; CBV 2.0 §7.1.
pub const BIZ_STEPS: [&str; 41] = [
    "accepting",
    "arriving",
    "assembling",
    "collecting",
    "commissioning",
    "consigning",
    "creating_class_instance",
    "cycle_counting",
    "decommissioning",
    "departing",
    "destroying",
    "disassembling",
    "dispensing",
    "encoding",
    "entering_exiting",
    "holding",
    "inspecting",
    "installing",
    "killing",
    "loading",
    "other",
    "packing",
    "picking",
    "receiving",
    "removing",
    "repackaging",
    "repairing",
    "replacing",
    "reserving",
    "retail_selling",
    "sampling",
    "sensor_reporting",
    "shipping",
    "staging_outbound",
    "stock_taking",
    "stocking",
    "storing",
    "transporting",
    "unloading",
    "unpacking",
    "void_shipping",
];

/// Dispositions; CBV 2.0 §7.2.
pub const DISPOSITIONS: [&str; 33] = [
    "active",
    "available",
    "completeness_inferred",
    "completeness_verified",
    "conformant",
    "container_closed",
    "container_open",
    "damaged",
    "destroyed",
    "dispensed",
    "disposed",
    "encoded",
    "expired",
    "in_progress",
    "in_transit",
    "inactive",
    "mismatch_class",
    "mismatch_instance",
    "mismatch_quantity",
    "needs_replacement",
    "no_pedigree_match",
    "non_conformant",
    "non_sellable_other",
    "partially_dispensed",
    "recalled",
    "reserved",
    "retail_sold",
    "returned",
    "sellable_accessible",
    "sellable_not_accessible",
    "stolen",
    "unavailable",
    "unknown",
];

/// Types of business transactions; CBV 2.0 §7.3.
pub const BIZ_TRANSACTION_TYPES: [&str; 13] = [
    "bol",
    "cert",
    "desadv",
    "inv",
    "pedigree",
    "po",
    "poc",
    "prodorder",
    "recadv",
    "rma",
    "testprd",
    "testres",
    "upevt",
];

/// Types of sources and destinations; CBV 2.0 §7.4.
pub const SOURCE_DEST_TYPES: [&str; 3] = ["location", "owning_party", "possessing_party"];

/// Reasons of error declarations; CBV 2.0 §7.5.
pub const ERROR_REASONS: [&str; 2] = ["did_not_occur", "incorrect_data"];

/// Types of sensor measurements; GS1 web vocabulary.
pub const MEASUREMENT_TYPES: [&str; 74] = [
    "AbsoluteHumidity",
    "AbsorbedDose",
    "AbsorbedDoseRate",
    "Acceleration",
    "Altitude",
    "AmountOfSubstance",
    "AmountOfSubstancePerUnitVolume",
    "Angle",
    "AngularAcceleration",
    "AngularMomentum",
    "AngularVelocity",
    "Area",
    "Capacitance",
    "Conductance",
    "Conductivity",
    "Count",
    "Density",
    "Dimensionless",
    "DoseEquivalent",
    "DoseEquivalentRate",
    "DynamicViscosity",
    "EffectiveDose",
    "EffectiveDoseRate",
    "ElectricCharge",
    "ElectricCurrent",
    "ElectricCurrentDensity",
    "ElectricFieldStrength",
    "Energy",
    "Exposure",
    "Force",
    "Frequency",
    "Illuminance",
    "Inductance",
    "Irradiance",
    "KinematicViscosity",
    "Length",
    "LinearMomentum",
    "Luminance",
    "LuminousFlux",
    "LuminousIntensity",
    "MagneticFlux",
    "MagneticFluxDensity",
    "MagneticVectorPotential",
    "Mass",
    "MassConcentration",
    "MassFlowRate",
    "MassPerAreaTime",
    "MemoryCapacity",
    "MolalityOfSolute",
    "MolarEnergy",
    "MolarMass",
    "MolarVolume",
    "Power",
    "Pressure",
    "RadiantFlux",
    "RadiantIntensity",
    "Radioactivity",
    "RelativeHumidity",
    "Resistance",
    "Resistivity",
    "SolidAngle",
    "SpecificVolume",
    "Speed",
    "SurfaceDensity",
    "SurfaceTension",
    "Temperature",
    "Time",
    "Torque",
    "Voltage",
    "Volume",
    "VolumeFlowRate",
    "VolumeFraction",
    "VolumetricFlux",
    "Wavenumber",
];

/// Types of sensor alerts; GS1 web vocabulary.
pub const SENSOR_ALERTS: [&str; 2] = ["ALARM_CONDITION", "ERROR_CONDITION"];

/// Components of sensor measurements; CBV 2.0 §7.8.
pub const COMPONENTS: [&str; 14] = [
    "altitude",
    "axial_distance",
    "azimuth",
    "easting",
    "elevation_angle",
    "height",
    "latitude",
    "longitude",
    "northing",
    "polar_angle",
    "spherical_radius",
    "x",
    "y",
    "z",
];

/// The words of one vocabulary, and what stands before a word in its web URI.
pub(crate) struct Words {
    pub(crate) stem: &'static str,
    words: &'static [&'static str],
}

impl Words {
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.words.iter().any(|word| is_same(word, text))
    }
}

/// Whether two names are one. Most names of a length begin with different letters, so few are compared whole.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().first() == b.as_bytes().first() && a == b
}

pub(crate) const BIZ_STEP_WORDS: Words =
    Words { stem: "https://ref.gs1.org/cbv/BizStep-", words: &BIZ_STEPS };
pub(crate) const DISPOSITION_WORDS: Words =
    Words { stem: "https://ref.gs1.org/cbv/Disp-", words: &DISPOSITIONS };
pub(crate) const BIZ_TRANSACTION_WORDS: Words =
    Words { stem: "https://ref.gs1.org/cbv/BTT-", words: &BIZ_TRANSACTION_TYPES };
pub(crate) const SOURCE_DEST_WORDS: Words =
    Words { stem: "https://ref.gs1.org/cbv/SDT-", words: &SOURCE_DEST_TYPES };
pub(crate) const COMPONENT_WORDS: Words = Words { stem: "https://ref.gs1.org/cbv/Comp-", words: &COMPONENTS };
pub(crate) const MEASUREMENT_WORDS: Words = Words { stem: "https://gs1.org/voc/", words: &MEASUREMENT_TYPES };
pub(crate) const SENSOR_ALERT_WORDS: Words = Words { stem: "https://gs1.org/voc/", words: &SENSOR_ALERTS };

/// [`short_name`] of a business step.
#[must_use]
pub fn biz_step(text: &str) -> &str {
    short_name(text, "BizStep-", "bizstep:")
}

/// [`short_name`] of a disposition.
#[must_use]
pub fn disposition(text: &str) -> &str {
    short_name(text, "Disp-", "disp:")
}

/// [`short_name`] of the type of a source or destination.
#[must_use]
pub fn source_dest_type(text: &str) -> &str {
    short_name(text, "SDT-", "sdt:")
}

/// [`short_name`] of the type of a business transaction.
#[must_use]
pub fn biz_transaction_type(text: &str) -> &str {
    short_name(text, "BTT-", "btt:")
}

/// [`short_name`] of the reason of an error declaration.
#[must_use]
pub fn error_reason(text: &str) -> &str {
    short_name(text, "ER-", "er:")
}

/// [`short_name`] of a component of a measurement.
#[must_use]
pub fn component(text: &str) -> &str {
    short_name(text, "Comp-", "comp:")
}

/// The local name of a term of the GS1 web vocabulary; any other text is itself.
#[must_use]
pub fn gs1_term(text: &str) -> &str {
    let stems = ["gs1:", "https://gs1.org/voc/", "http://gs1.org/voc/", "https://www.gs1.org/voc/"];
    stems.iter().find_map(|stem| text.strip_prefix(stem)).unwrap_or(text)
}
