"""Sources of uploads, and the multipart bodies made of them. This room knows no HTTP library."""
