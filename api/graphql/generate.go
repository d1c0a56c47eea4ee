// Package graphql is the GraphQL contract in Go: the types and the executable schema of schema.graphql, which
// follows GitLab's. Nothing but this file, schema.graphql and the generator's settings is written by hand; change
// schema.graphql and run "make generate".
//
// It imports the generator's runtime.
package graphql

import _ "embed"

//go:generate go tool gqlgen generate --config gqlgen.yml

// document is the schema as it is written.
//
//go:embed schema.graphql
var document []byte

// Document returns schema.graphql. The bytes are not to be changed.
func Document() []byte { return document }
