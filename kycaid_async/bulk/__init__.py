"""Many documents: a pipeline with a ledger, so that nothing is lost and nothing is made twice."""
