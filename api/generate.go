// Package api is the contract in Go: the types, the server interface and the document of
// openapi.yaml. Nothing but this file is written by hand; change openapi.yaml and run
// "make generate".
//
// It imports gin and the generator's runtime.
package api

import _ "embed"

//go:generate cp ../openapi.yaml openapi.yaml
//go:generate go tool oapi-codegen -config server.yaml openapi.yaml
//go:generate go tool oapi-codegen -config client.yaml openapi.yaml

// document is the copy of openapi.yaml that lies where Go can embed it.
//
//go:embed openapi.yaml
var document []byte

// Document returns openapi.yaml. The bytes are not to be changed.
func Document() []byte { return document }
