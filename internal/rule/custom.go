package rule

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/event"
)

// A file may declare kinds of event that are not in the vocabulary, with the fields of what they carry:
//
//	events:
//	  com.acme.meeting.finished: {channel: text, attendees: accounts}

// fieldType is a type that a declared field may have.
type fieldType struct {
	cel *cel.Type
	// read turns a value of JSON into one of expressions; nil is what is absent.
	read func(any) (any, bool)
}

var fieldTypes = map[string]fieldType{
	"text":     {cel.StringType, func(v any) (any, bool) { text, ok := v.(string); return text, ok }},
	"number":   {cel.IntType, readNumber},
	"truth":    {cel.BoolType, func(v any) (any, bool) { truth, ok := v.(bool); return truth, ok }},
	"time":     {cel.TimestampType, readTime},
	"texts":    {cel.ListType(cel.StringType), readList(func(v any) (string, bool) { text, ok := v.(string); return text, ok })},
	"account":  {accountType, func(v any) (any, bool) { account, ok := readAccount(v); return &account, ok }},
	"accounts": {cel.ListType(accountType), readList(readAccount)},
}

var absentFields = map[string]any{
	"text": "", "number": int64(0), "truth": false, "time": types.NullValue, "texts": []string{}, "account": types.NullValue,
	"accounts": []event.Account{},
}

func readNumber(v any) (any, bool) {
	number, ok := v.(float64)
	return int64(number), ok && number == float64(int64(number))
}

func readTime(v any) (any, bool) {
	text, _ := v.(string)
	moment, err := time.Parse(time.RFC3339, text)
	return moment, err == nil
}

// readAccount takes an id, or a mapping with one. An id alone is the login, too: systems that are no forges
// know people by one name.
func readAccount(v any) (event.Account, bool) {
	fields, ok := v.(map[string]any)
	if !ok {
		id, ok := readID(v)
		return event.Account{ID: id, Login: id}, ok
	}
	var account event.Account
	account.ID, ok = readID(fields["id"])
	account.Login, _ = fields["login"].(string)
	account.Name, _ = fields["name"].(string)
	account.Bot, _ = fields["bot"].(bool)
	return account, ok
}

// readID takes a text or a whole number.
func readID(v any) (string, bool) {
	if number, ok := v.(float64); ok && number == float64(int64(number)) {
		return strconv.FormatInt(int64(number), 10), true
	}
	id, _ := v.(string)
	return id, id != ""
}

func readList[T any](read func(any) (T, bool)) func(any) (any, bool) {
	return func(v any) (any, bool) {
		items, ok := v.([]any)
		list := make([]T, 0, len(items))
		for _, item := range items {
			value, good := read(item)
			ok = ok && good
			list = append(list, value)
		}
		return list, ok
	}
}

// customKind is the fields of a declared kind of event, by name.
type customKind map[string]string

var (
	customKinds  = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2,}$`)
	customFields = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

// declareEvents reads the kinds of event that a file declares.
func (l *loader) declareEvents(f field) {
	kinds := l.mapping(f)
	for name, kind := range kinds {
		_, known := event.Describe(name)
		switch {
		case known:
			l.addf(kind.at, name, "is in the vocabulary already")
			continue
		case !customKinds.MatchString(name) || len(name) > 255:
			l.addf(kind.at, name, "must be three words or more of letters, digits, - and _ with dots between them, such as com.acme.meeting.finished")
			continue
		}
		fields := customKind{}
		for word, declared := range l.mapping(kind) {
			of, _ := l.text(declared)
			switch _, ok := fieldTypes[of]; {
			case !customFields.MatchString(word):
				l.addf(declared.at, word, "must be lower-case letters, digits and _")
			case !ok:
				words := slices.Sorted(maps.Keys(fieldTypes))
				l.addf(at(declared.value), word, "must be one of %s%s", strings.Join(words, ", "), nearest(of, words))
			default:
				fields[word] = of
			}
		}
		if other, twice := l.custom[name]; twice && !maps.Equal(other, fields) {
			l.addf(kind.at, name, "is declared elsewhere with other fields")
			continue
		}
		l.custom[name] = fields
	}
}

// mapping returns the fields of a mapping whose keys are free.
func (r *report) mapping(f field) map[string]field {
	mapping, ok := f.value.(*ast.MappingNode)
	if !ok {
		if _, null := f.value.(*ast.NullNode); null {
			return nil
		}
		r.addf(at(f.value), f.key, "must be a mapping of keys to values")
		return nil
	}
	found := make(map[string]field, len(mapping.Values))
	for _, pair := range mapping.Values {
		key, ok := pair.Key.(ast.Node).(*ast.StringNode)
		if !ok {
			r.addf(placeOf(pair.Key.GetToken()), "", "a key must be a plain word")
			continue
		}
		found[key.Value] = field{key.Value, at(key), pair.Value}
	}
	return found
}

// payloadOf returns the declared fields of the kinds together, and whether all of them are declared kinds.
// Two that give a field different types have none of it.
func (c *compiler) payloadOf(kinds []string) (fields customKind, all bool) {
	fields = customKind{}
	mixed := map[string]bool{}
	for _, kind := range kinds {
		declared, ok := c.custom[kind]
		if !ok {
			return nil, false
		}
		for name, of := range declared {
			if other, twice := fields[name]; twice && other != of {
				mixed[name] = true
			}
			fields[name] = of
		}
	}
	for name := range mixed {
		delete(fields, name)
	}
	return fields, len(kinds) > 0
}

// envOf returns the environment for events of the kinds, with a name for it.
func (c *compiler) envOf(kinds []string) (env *cel.Env, name string, err error) {
	fields, custom := c.payloadOf(kinds)
	if !custom {
		return environment(), "", nil
	}
	words := slices.Sorted(maps.Keys(fields))
	for i, word := range words {
		words[i] = word + ":" + fields[word]
	}
	name = "payload " + strings.Join(words, " ")
	if c.envs[name] == nil {
		options := make([]cel.EnvOption, 0, len(fields))
		for word, of := range fields {
			options = append(options, cel.Variable("payload."+word, fieldTypes[of].cel))
		}
		if c.envs[name], err = environment().Extend(options...); err != nil {
			return nil, "", err
		}
	}
	return c.envs[name], name, nil
}

// field returns a declared field of what a custom event carries. What it does not carry, or in another
// form, is absent.
func (s *scope) field(name string) (any, bool) {
	name, ok := strings.CutPrefix(name, "payload.")
	if !ok || s.fields == nil {
		return nil, false
	}
	of, declared := s.fields[name]
	if !declared {
		return nil, false
	}
	adapter := environment().CELTypeAdapter()
	if value, ok := fieldTypes[of].read(s.source.Payload[name]); ok {
		return adapter.NativeToValue(value), true
	}
	if null, ok := absentFields[of].(ref.Val); ok {
		return null, true
	}
	return adapter.NativeToValue(absentFields[of]), true
}
