"""What ``vitrine doctor`` looks at, subject by subject; everything is read, nothing is changed."""
