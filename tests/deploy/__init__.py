"""The files a fleet is deployed with: held against official schemas, the command line and the settings."""
