"""Remote files: those of web servers, and of stores such as S3."""
