"""Rules against cases that can be read beside the text: `*.toml`, told over the demo county's projects."""
