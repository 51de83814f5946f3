"""What the web app, the command line and the operator share; knows no web framework and no Kubernetes."""
