"""Sources of uploads and their multipart body. Knows no HTTP library."""
