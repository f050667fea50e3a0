"""The REST service over the classifier."""
