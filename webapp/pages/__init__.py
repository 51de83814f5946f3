"""What a browser sees: one folder per area with its views, forms and templates."""
