package web

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// words is the catalogue of all texts that pages show. A translation is another file beside words/en.json.
type words struct {
	localizer *i18n.Localizer
	known     map[string]bool
}

// theWords are the catalogue, read once.
var theWords = sync.OnceValue(mustWords)

func mustWords() *words {
	const name = "words/en.json"
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	file, err := bundle.ParseMessageFileBytes(text, name)
	if err != nil {
		panic(err)
	}
	known := make(map[string]bool, len(file.Messages))
	for _, message := range file.Messages {
		known[message.ID] = true
	}
	return &words{i18n.NewLocalizer(bundle, language.English.String()), known}
}

func (w *words) has(key string) bool { return w.known[key] }

// label returns what people call the field of a form, or its own name when it has no other one.
func (w *words) label(field string) (string, error) {
	if key := "field_" + field; w.has(key) {
		return w.text(key)
	}
	return field, nil
}

// text returns the text with the key; the rest are the names and values of what stands in it. A key that is not in
// the catalogue is an error, which a test looks for.
func (w *words) text(key string, fields ...any) (string, error) {
	data, err := pairs(fields...)
	if err != nil {
		return "", err
	}
	return w.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
}

// count returns the text for a number of things, in the form that the language has for it; the number is Count in it.
func (w *words) count(key string, number int, fields ...any) (string, error) {
	data, err := pairs(fields...)
	if err != nil {
		return "", err
	}
	data["Count"] = number
	return w.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: number})
}

// pairs makes a map of names and values.
func pairs(fields ...any) (map[string]any, error) {
	data := make(map[string]any, len(fields)/2+1)
	for i := 0; i+1 < len(fields); i += 2 {
		name, ok := fields[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of a field", fields[i])
		}
		data[name] = fields[i+1]
	}
	return data, nil
}
