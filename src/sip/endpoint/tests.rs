//! Whole scripts against the endpoint, in virtual time.
