project = "A manual with a figure of Brink"
html_extra_path = ["extra"]
