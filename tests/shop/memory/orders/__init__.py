"""What may come twice, late, or be taken back."""
