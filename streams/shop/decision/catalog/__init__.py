"""What the catalogue and curators say of items, and what decisions make of it.

Nothing in here is folded: workers that have followed less far decide by less for a moment, and
learn the same.
"""
