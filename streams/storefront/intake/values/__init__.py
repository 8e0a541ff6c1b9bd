"""Values of foreign records: money, times, ids, consent, signatures; each read, or None."""
