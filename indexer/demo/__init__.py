"""A whole shop made from a seed: products with drawn pictures, shoppers with tastes, and ninety days of behaviour."""
