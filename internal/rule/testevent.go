package rule

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/event"
)

// An event of a test has the same fields as in rules, and takes its form from the event's own types: a
// field that is added there can be written in tests at once.

// shorthands are the fields that a plain text stands for, by their names in rules.
var shorthands = map[reflect.Type]string{
	reflect.TypeFor[event.Account]():    "login",
	reflect.TypeFor[event.Repository](): "path",
	reflect.TypeFor[event.Group]():      "path",
	reflect.TypeFor[event.Target]():     "kind",
	reflect.TypeFor[event.Commit]():     "message",
	reflect.TypeFor[event.Award]():      "key",
}

// fill sets a field of the event.
func (l *testLoader) fill(ev *event.Event, f field) {
	if f.key == "payload" {
		ev.Payload, _ = l.json(f).(map[string]any)
		return
	}
	l.set(fieldNamed(reflect.ValueOf(ev).Elem(), f.key), f)
}

// fieldNamed returns the field of a struct by its name in rules.
func fieldNamed(of reflect.Value, name string) reflect.Value {
	for field, value := range of.Fields() {
		if celName(field) == name {
			return value
		}
	}
	return reflect.Value{}
}

// set gives the target what the file says.
func (l *testLoader) set(target reflect.Value, f field) {
	switch target.Interface().(type) {
	case time.Time:
		target.Set(reflect.ValueOf(l.moment(f)))
		return
	case time.Duration:
		target.Set(reflect.ValueOf(l.span(f)))
		return
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		l.set(target.Elem(), f)
	case reflect.Struct:
		l.setStruct(target, f)
	case reflect.Slice:
		items := l.list(f)
		target.Set(reflect.MakeSlice(target.Type(), len(items), len(items)))
		for i, item := range items {
			l.set(target.Index(i), field{f.key, at(item), item})
		}
	case reflect.String:
		text, _ := l.text(f)
		target.SetString(text)
	default:
		l.setScalar(target, f)
	}
}

// setScalar sets what is true or false, or a whole number.
func (l *testLoader) setScalar(target reflect.Value, f field) {
	switch node := f.value.(type) {
	case *ast.BoolNode:
		if target.Kind() == reflect.Bool {
			target.SetBool(node.Value)
			return
		}
	case *ast.IntegerNode:
		number := reflect.ValueOf(node.Value)
		if target.Kind() == reflect.Int64 && (number.CanInt() || number.CanUint() && number.Uint() <= maxThreshold) {
			target.Set(number.Convert(target.Type()))
			return
		}
	}
	l.addf(at(f.value), f.key, "is no value of this field")
}

// setStruct reads a mapping, or a text that stands for one of its fields, and fills in what follows.
func (l *testLoader) setStruct(target reflect.Value, f field) {
	if _, ok := f.value.(*ast.MappingNode); ok {
		var known []string
		for field := range target.Type().Fields() {
			known = append(known, celName(field))
		}
		fields := l.fields(f.value, f.key, known)
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			l.set(fieldNamed(target, key), fields[key])
		}
	} else if text, ok := l.text(f); ok {
		fieldNamed(target, shorthands[target.Type()]).SetString(text)
	}
	complete(target.Addr().Interface())
}

// complete fills in what follows from the rest.
func complete(thing any) {
	switch thing := thing.(type) {
	case *event.Account:
		thing.ID = cmp.Or(thing.ID, thing.Login)
	case *event.Group:
		_, name := splitPath(thing.Path)
		thing.ID, thing.Name = cmp.Or(thing.ID, thing.Path), cmp.Or(thing.Name, name)
	case *event.Repository:
		namespace, name := splitPath(thing.Path)
		thing.ID, thing.Name = cmp.Or(thing.ID, thing.Path), cmp.Or(thing.Name, name)
		thing.Namespace = cmp.Or(thing.Namespace, namespace)
	case *event.Commit:
		title, _, _ := strings.Cut(thing.Message, "\n")
		thing.Title = cmp.Or(thing.Title, title)
		thing.Message = cmp.Or(thing.Message, thing.Title)
	}
}

func splitPath(path string) (namespace, name string) {
	slash := strings.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}
