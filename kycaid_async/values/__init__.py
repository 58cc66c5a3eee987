"""What fields are made of: absence, open enums, dates, numbers, decline reasons, and the converter."""
