"""ONVIF: cameras found on the network, and asked what they have."""
