"""Where the bytes of an upload come from, and how they become a multipart body. Knows no HTTP library."""
