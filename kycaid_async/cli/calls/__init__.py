"""Operations of the API as commands, made from their declarations: ``kycaid documents create --type PASSPORT …``."""
