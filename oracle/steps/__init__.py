"""The steps of a hearing: each is a function of the hearing that adds to its outcome or ends it."""
