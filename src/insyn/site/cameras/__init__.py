"""Cameras: where packets come from (RTSP, files, virtual); ONVIF and VAPIX."""
