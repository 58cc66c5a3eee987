"""One module per section of the vendor's reference. Each holds all there is about its section."""
