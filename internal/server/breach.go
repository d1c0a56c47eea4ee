package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// breach turns what the validator found into a fault that names each field. The validator's own
// texts show schemas and the values that were sent, and are left out.
func breach(err error) *fault.Error {
	var fields []fault.Field
	for _, single := range flatten(err) {
		fields = append(fields, fieldsOf(single)...)
	}
	slices.SortStableFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
	fields = slices.Compact(fields)
	texts := make([]string, len(fields))
	for i, field := range fields {
		texts[i] = strings.TrimPrefix(field.Field+": "+field.Detail, ": ")
	}
	f := fault.New(fault.Invalid, "invalid", "%s", strings.Join(texts, "; "))
	f.Fields = fields
	return f
}

// flatten returns the single errors in a tree of lists.
func flatten(err error) []error {
	list, ok := err.(openapi3.MultiError) //nolint:errorlint // a wrapped list is the wrapper's to show
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range list {
		all = append(all, flatten(one)...)
	}
	return all
}

func fieldsOf(err error) []fault.Field {
	request, ok := errors.AsType[*openapi3filter.RequestError](err)
	if !ok {
		return []fault.Field{{Code: "invalid", Detail: "breaks the contract"}}
	}
	var prefix []string
	if request.Parameter != nil {
		prefix = []string{request.Parameter.Name}
	}
	switch {
	case errors.Is(request.Err, openapi3filter.ErrInvalidRequired):
		return []fault.Field{{Field: strings.Join(prefix, "."), Code: "required", Detail: "is required"}}
	case errors.Is(request.Err, openapi3filter.ErrInvalidEmptyValue):
		return []fault.Field{{Field: strings.Join(prefix, "."), Code: "required", Detail: "may not be empty"}}
	}
	var fields []fault.Field
	for _, single := range flatten(request.Err) {
		schema, ok := errors.AsType[*openapi3.SchemaError](single)
		if !ok {
			fields = append(fields, fault.Field{Field: strings.Join(prefix, "."), Code: "wrong_type", Detail: "cannot be read as what it has to be"})
			continue
		}
		fields = append(fields, schemaFields(prefix, schema)...)
	}
	return fields
}

// schemaFields says which fields break a schema, by the keyword that they break.
func schemaFields(prefix []string, err *openapi3.SchemaError) []fault.Field {
	if inner, ok := errors.AsType[*openapi3.SchemaError](err.Origin); ok {
		return schemaFields(prefix, inner)
	}
	path := append(slices.Clone(prefix), err.JSONPointer()...)
	field := func(code, format string, args ...any) []fault.Field {
		return []fault.Field{{Field: strings.Join(path, "."), Code: code, Detail: fmt.Sprintf(format, args...)}}
	}
	switch err.SchemaField {
	case "required":
		return field("required", "is required")
	case "properties":
		return unknownFields(path, err)
	case "type", "nullable":
		return field("wrong_type", "must be %s", typeOf(err.Schema))
	case "enum":
		return field("not_one_of", "must be one of %s", listed(err.Schema.Enum))
	case "minimum":
		return field("too_small", "must be at least %v", *err.Schema.Min)
	case "maximum":
		return field("too_large", "must be at most %v", *err.Schema.Max)
	case "minLength", "minItems":
		return field("too_short", "may not be empty")
	case "maxItems":
		return field("too_long", "must hold at most %d", *err.Schema.MaxItems)
	case "uniqueItems":
		return field("duplicate", "must not hold a value twice")
	case "format":
		if err.Schema.Format == timeFormat {
			return field("bad_format", "must be a time as RFC 3339 has it, in the years 1 to 9999 of UTC")
		}
		return field("bad_format", "must be in the format %s", err.Schema.Format)
	default:
		return field("invalid", "breaks the contract")
	}
}

// unknownFields names the fields of an object that the contract does not know.
func unknownFields(path []string, err *openapi3.SchemaError) []fault.Field {
	object, _ := err.Value.(map[string]any)
	var fields []fault.Field
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err.Schema.Properties[name] == nil {
			full := strings.Join(append(slices.Clone(path), name), ".")
			fields = append(fields, fault.Field{Field: full, Code: "unknown_field", Detail: "is not a field here"})
		}
	}
	return fields
}

func typeOf(schema *openapi3.Schema) string {
	var name string
	if types := schema.Type.Slice(); len(types) > 0 {
		name = types[0]
	}
	switch name {
	case "string", "number", "boolean":
		return "a " + name
	case "integer", "array", "object":
		return "an " + name
	default:
		return "of another type"
	}
}

func listed(values []any) string {
	words := make([]string, len(values))
	for i, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return "the documented values"
		}
		words[i] = strings.Trim(string(text), `"`)
	}
	return strings.Join(words, ", ")
}
