"""The verdict's shoppers: visits as real shops see them, with every kind of trouble counted."""
