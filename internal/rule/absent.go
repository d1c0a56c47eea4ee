package rule

import (
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/seed-504bad89/accolade/internal/event"
)

// absence makes what an event does not have null in expressions: an account, a repository, a group or
// another thing that is not there, and a time or a length of time that is not known. A field of null is
// empty, so that a condition needs no guards; arithmetic with a null time fails instead of counting from 1970.
type absence struct {
	types.Provider

	structs map[string]reflect.Type
}

// withAbsence returns the environment with null for what is absent, and with accounts that are equal
// when they are the same person.
func withAbsence(env *cel.Env) (*cel.Env, error) {
	p := &absence{Provider: env.CELTypeProvider(), structs: map[string]reflect.Type{}}
	p.add(reflect.TypeFor[event.Event]())
	return env.Extend(cel.CustomTypeProvider(p), cel.CustomTypeAdapter(adapter{env.CELTypeAdapter()}))
}

// add makes null what is absent in the struct, in what it points to and in what it lists.
func (p *absence) add(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || p.structs[t.String()] != nil {
		return
	}
	p.structs[t.String()] = t
	for field := range t.Fields() {
		p.add(field.Type)
	}
}

// FindStructFieldType implements types.Provider.
func (p *absence) FindStructFieldType(structType, name string) (*types.FieldType, bool) {
	found, ok := p.Provider.FindStructFieldType(structType, name)
	of, known := p.structs[structType]
	if !ok || !known {
		return found, ok
	}
	for field := range of.Fields() {
		if celName(field) != name {
			continue
		}
		read := &reader{of: of, field: field}
		return &types.FieldType{Type: found.Type, IsSet: read.isSet, GetFrom: read.get}, true
	}
	return found, ok
}

// reader reads one field of a struct, of a pointer to one, or of null.
type reader struct {
	of    reflect.Type
	field reflect.StructField
}

func (r *reader) value(object any) reflect.Value {
	value := reflect.ValueOf(object)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() || value.Type() != r.of {
		return reflect.Zero(r.field.Type) // a field of null
	}
	return value.FieldByIndex(r.field.Index)
}

func (r *reader) isSet(object any) bool { return !r.value(object).IsZero() }

func (r *reader) get(object any) (any, error) {
	value := r.value(object)
	switch value.Type() { // most are of these types, which need not become Go's any before they become CEL's
	case reflect.TypeFor[string]():
		return types.String(value.String()), nil
	case reflect.TypeFor[bool]():
		return types.Bool(value.Bool()), nil
	case reflect.TypeFor[int64]():
		return types.Int(value.Int()), nil
	}
	if !value.IsZero() {
		return value.Interface(), nil
	}
	switch value.Type() {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration]():
		return types.NullValue, nil
	}
	if value.Kind() == reflect.Pointer {
		return types.NullValue, nil
	}
	return value.Interface(), nil
}
