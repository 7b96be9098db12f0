"""What open pages are told as it happens: that their feed has changed, what trends, how much is going on."""
