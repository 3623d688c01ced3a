"""One scenario for each item of the duty list, from the finding to its end."""
