"""Types of fields: absence, open enums, dates, numbers, decline reasons; and the converter."""
