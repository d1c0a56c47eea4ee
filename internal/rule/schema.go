package rule

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
)

// schemaDialect is the version of JSON Schema that editors know best.
const schemaDialect = "http://json-schema.org/draft-07/schema#"

type object = map[string]any

// Schema returns the JSON Schema of rules files, for editors: what they may hold, key by key, with
// what each means. What only the loader can tell, such as whether an expression is right, it leaves
// to the loader.
func Schema() []byte {
	text, err := json.MarshalIndent(object{
		"$schema": schemaDialect, "title": "Rules of Accolade",
		"type": "object", "additionalProperties": false, "required": []string{"namespace", "achievements"},
		"properties": described(fileKeys, object{
			"sources":      oneOrMore(object{"type": "string"}),
			"achievements": object{"type": "array", "maxItems": MaxAchievements, "items": achievementSchema()},
		}),
	}, "", "  ")
	if err != nil {
		panic("encoding texts and numbers failed: " + err.Error())
	}
	return append(text, '\n')
}

func achievementSchema() object {
	return object{
		"type": "object", "additionalProperties": false, "required": []string{"key", "name"},
		"properties": described(achievementKeys, object{
			"key":         object{"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"},
			"name":        object{"type": "string", "maxLength": achievement.MaxName},
			"description": object{"type": "string", "maxLength": achievement.MaxDescription},
			"kind":        object{"enum": achievement.Kinds()},
			"award":       clauseSchema(awardKeys),
			"revoke":      clauseSchema(revokeKeys),
			"tiers":       object{"type": "array", "minItems": 1, "items": tierSchema()},
		}),
	}
}

func tierSchema() object {
	return object{
		"type": "object", "additionalProperties": false, "required": []string{"at", "name"},
		"properties": described(tierKeys, object{"at": atLeastOne()}),
	}
}

func clauseSchema(keys []string) object {
	expression := object{"type": []string{"string", "boolean", "integer"}}
	return object{
		"type": "object", "additionalProperties": false, "required": []string{"on", "to"},
		"properties": described(keys, object{
			"on": oneOrMore(object{"enum": eventWords()}), "when": expression, "to": expression, "per": expression, "message": expression,
			"except": oneOrMore(object{"type": "string"}),
			"active": object{
				"type": "object", "additionalProperties": false, "minProperties": 1,
				"properties": object{"from": object{"type": "string"}, "until": object{"type": "string"}},
			},
			count:      measureSchema(nil, object{}),
			"sum":      measureSchema([]string{"of"}, object{"of": expression}),
			"distinct": measureSchema([]string{"of"}, object{"of": expression}),
			"streak":   measureSchema([]string{"unit"}, object{"unit": object{"enum": unitNames}, "separate": object{"type": "boolean"}}),
			"within":   object{"type": "string", "pattern": spans.String()},
			"every":    object{"enum": unitNames},
		}),
	}
}

// measureSchema allows a mapping with at_least and the other keys; a count may be a number alone.
func measureSchema(required []string, properties object) object {
	properties["at_least"] = atLeastOne()
	mapping := object{"type": "object", "additionalProperties": false, "properties": properties}
	if required != nil {
		mapping["required"] = required
		return mapping
	}
	return object{"anyOf": []any{atLeastOne(), mapping}}
}

func atLeastOne() object { return object{"type": "integer", "minimum": 1} }

func oneOrMore(item object) object {
	return object{"anyOf": []any{item, object{"type": "array", "items": item}}}
}

// eventWords are the kinds of event and their families.
func eventWords() []string {
	words := event.Kinds()
	for _, kind := range event.Kinds() {
		words = append(words, family(kind))
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// described returns the schemas of the keys; one that has none is a text. Editors show the
// descriptions.
func described(keys []string, schemas object) object {
	properties := object{}
	for _, key := range keys {
		schema, ok := schemas[key].(object)
		if !ok {
			schema = object{"type": "string"}
		}
		described := object{"description": descriptions[key]}
		maps.Copy(described, schema)
		properties[key] = described
	}
	return properties
}

// descriptions says of each key what it means, in one sentence.
var descriptions = map[string]string{
	"namespace":    "The full path of the namespace whose achievements these are.",
	"timezone":     "The time zone of the calendar in this file, such as Europe/Berlin; UTC when missing.",
	"where":        "A condition (CEL) for every rule of the file.",
	"sources":      "The configured names of the sources whose events the file's rules see; all when missing.",
	"achievements": "What can be earned.",
	"key":          "A name for programs, unique in the namespace, that never changes.",
	"name":         "What people read.",
	"description":  "What it is for.",
	"kind":         "irrevocable: once, for good. revocable: once at a time. repeatable: once for each occurrence.",
	"award":        "The rule that gives it; without one, people give it by hand.",
	"revoke":       "The rule that takes a revocable one away.",
	"tiers":        "The steps of a ladder over one measure.",
	"at":           "What the measure must reach for this step.",
	"on":           "Which events it is about.",
	"when":         "A condition (CEL) on the event.",
	"to":           "Whom it is for (CEL): an account or a list of accounts.",
	"except":       "Who gets nothing: bots, self, or logins with * for any characters. Without it, bots.",
	"active":       "A season: from its first day or moment until the first one after it.",
	"count":        "How many such events it takes.",
	"sum":          "What is added up, and what it must reach.",
	"distinct":     "What must differ, and how many different ones it takes.",
	"streak":       "How many calendar units that follow each other it takes.",
	"within":       "The length of a sliding window for a count, such as 24h or 30d.",
	"every":        "A calendar unit that counts by itself.",
	"per":          "What makes two awards of a repeatable achievement the same one (CEL).",
	"message":      "A text (CEL) that is kept with the award.",
}

// family returns the word for all kinds of the kind's family, such as "member.*".
func family(kind string) string {
	name, _, _ := strings.Cut(kind, ".")
	return name + ".*"
}
