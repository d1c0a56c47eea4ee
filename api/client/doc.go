// Package client is Accolade's Go client, generated from openapi.yaml. It imports the generator's
// runtime alone, and may be used outside of this repository.
package client
