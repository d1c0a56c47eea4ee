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
	schema := mappingOf(described(fileKeys, object{
		"sources": oneOrMore(anyText()),
		eventsKey: object{
			"type": "object", "additionalProperties": object{
				"type": []string{"object", "null"}, "additionalProperties": object{"enum": slices.Sorted(maps.Keys(fieldTypes))},
			},
		},
		"achievements": object{"type": "array", "maxItems": MaxAchievements, "items": achievementSchema()},
	}), "namespace", "achievements")
	schema["$schema"], schema["title"] = schemaDialect, "Rules of Accolade"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("encoding texts and numbers failed: " + err.Error())
	}
	return append(text, '\n')
}

// mappingOf is a mapping that has no other keys.
func mappingOf(properties object, required ...string) object {
	schema := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func anyText() object { return object{"type": "string"} }

func textLike(pattern string) object { return object{"type": "string", "pattern": pattern} }

func textUpTo(length int) object { return object{"type": "string", "maxLength": length} }

func achievementSchema() object {
	return mappingOf(described(achievementKeys, object{
		"key":         textLike("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
		"name":        textUpTo(achievement.MaxName),
		"description": textUpTo(achievement.MaxDescription),
		"avatar":      anyText(),
		"kind":        object{"enum": achievement.Kinds()},
		"award":       clauseSchema(awardKeys),
		"revoke":      clauseSchema(revokeKeys),
		"tiers": object{
			"type": "array", "minItems": 1,
			"items": mappingOf(described(tierKeys, object{"at": object{"anyOf": []any{atLeastOne(), spanSchema()}}}), "at", "name"),
		},
	}), "key", "name")
}

func expressionSchema() object { return object{"type": []string{"string", "boolean", "integer"}} }

func clauseSchema(keys []string) object {
	season := mappingOf(object{"from": anyText(), "until": anyText()})
	season["minProperties"] = 1
	schemas := measureSchemas()
	maps.Copy(schemas, object{
		"on":   oneOrMore(object{"anyOf": []any{object{"enum": eventWords()}, textLike(customKinds.String())}}),
		"when": expressionSchema(), "to": expressionSchema(), "per": expressionSchema(), "message": expressionSchema(),
		"except":    oneOrMore(anyText()),
		"active":    season,
		"within":    spanSchema(),
		"every":     object{"enum": unitNames},
		"settle":    spanSchema(),
		measuresKey: object{"type": "object", "minProperties": 2, "additionalProperties": false, "patternProperties": object{partNames.String(): partSchema(keys)}},
		"reach":     expressionSchema(),
		"limit":     limitSchema(),
		"top":       object{"anyOf": []any{atLeastOne(), mappingOf(object{"n": atLeastOne(), "ties": object{"enum": []string{share, earlier}}}, "n")}},
		"at_end":    object{"type": "boolean"},
		"first":     atLeastOne(),
		"requires":  oneOrMore(object{"anyOf": []any{anyText(), mappingOf(object{"series": anyText()}, "series")}}),
		"hold":      object{"anyOf": []any{object{"enum": []string{"reached"}}, mappingOf(object{"for": spanSchema(), "while": expressionSchema()})}},
		"quiet":     object{"type": "boolean"},
	})
	if slices.Contains(keys, measuresKey) {
		clause := mappingOf(described(keys, schemas))
		clause["anyOf"] = []any{object{"required": []string{"on", "to"}}, object{"required": []string{measuresKey, "reach"}}}
		return clause
	}
	return mappingOf(described(keys, schemas), "on", "to")
}

// partSchema is one of several measures; a clause without them has none.
func partSchema(keys []string) object {
	if !slices.Contains(keys, measuresKey) {
		return object{}
	}
	return clauseSchema(partKeys)
}

// measureSchemas are what can be measured, by its word.
func measureSchemas() object {
	plain := func(properties object, required ...string) object {
		properties[atLeast] = atLeastOne()
		return mappingOf(properties, required...)
	}
	again, inner := object{"type": "boolean"}, mappingOf(object{
		count: object{"anyOf": []any{atLeastOne(), plain(object{})}}, sum: plain(object{"of": expressionSchema()}, "of"),
		distinct: plain(object{"of": expressionSchema()}, "of"), gauge: plain(object{"of": expressionSchema()}, "of"),
	})
	return object{
		count:    object{"anyOf": []any{atLeastOne(), plain(object{"again": again, "limit": limitSchema()})}},
		sum:      plain(object{"of": expressionSchema(), "again": again, "limit": limitSchema()}, "of"),
		distinct: plain(object{"of": expressionSchema(), "each": inner}, "of"),
		gauge:    plain(object{"of": expressionSchema()}, "of"),
		streak:   plain(object{"unit": object{"enum": unitNames}, "separate": object{"type": "boolean"}, "each": inner}, "unit"),
		gap:      object{"anyOf": []any{spanSchema(), mappingOf(object{"of": expressionSchema(), atLeast: spanSchema()})}},
	}
}

func limitSchema() object {
	return object{"anyOf": []any{atLeastOne(), mappingOf(object{"at_most": atLeastOne(), "every": object{"enum": unitNames}}, "at_most")}}
}

func spanSchema() object { return textLike(spans.String()) }

func atLeastOne() object { return object{"type": "integer", "minimum": 1} }

func oneOrMore(item object) object {
	return object{"anyOf": []any{item, object{"type": "array", "items": item}}}
}

// eventWords are the kinds of event and their families.
func eventWords() []string {
	words := event.Kinds()
	for _, kind := range event.Kinds() {
		if strings.Contains(kind, ".") {
			words = append(words, family(kind))
		}
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
			schema = anyText()
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
	eventsKey:      "Kinds of event outside of the vocabulary, each with the fields of what it carries.",
	"achievements": "What can be earned.",
	"key":          "A name for programs, unique in the namespace, that never changes.",
	"name":         "What people read.",
	"description":  "What it is for.",
	"avatar":       "Its picture: the path of a PNG, JPEG, GIF or WebP file of at most 200 KiB, from this file's directory.",
	"kind":         "irrevocable: once, for good. revocable: once at a time. repeatable: once for each occurrence.",
	"award":        "The rule that gives it; without one, people give it by hand.",
	"revoke":       "The rule that takes a revocable one away.",
	"tiers":        "The steps of a ladder over one measure.",
	"at":           "What the measure must reach for this step.",
	"on":           "Which events it is about.",
	"when":         "A condition (CEL) on the event.",
	"to":           "Whom it is for (CEL): an account or a list of accounts; with a clock, everyone.",
	"except":       "Who gets nothing: bots, self, opted_out, or logins with * for any characters. Without it, bots.",
	"active":       "A season: from its first day or moment until the first one after it.",
	"count":        "How many such events it takes.",
	"sum":          "What is added up, and what it must reach.",
	"distinct":     "What must differ, and how many different ones it takes.",
	"gauge":        "A number that the event tells, such as stars, and what it must reach.",
	"gap":          "How long nothing happened before; with of, how long nothing happened to one of these.",
	measuresKey:    "Several measures by their names, each with its own on, when and to.",
	"reach":        "A condition (CEL) on the measures by their names.",
	"settle":       "How long to wait before judging, so that history shows what happened meanwhile.",
	"limit":        "How many awards a person is given at most, in all or in a unit of the calendar.",
	"top":          "How many of the best of each every are awarded, when it is over.",
	"at_end":       "Whether reach is judged when each every is over.",
	"first":        "How many people are awarded at all.",
	"requires":     "Achievements that the person must hold.",
	"hold":         "For how long a revocable achievement is held: reached, {for: 90d} or {while: EXPRESSION}.",
	"streak":       "How many calendar units that follow each other it takes.",
	"within":       "The length of a sliding window for a count, such as 24h or 30d.",
	"every":        "A calendar unit that counts by itself.",
	"per":          "What makes two awards of a repeatable achievement the same one (CEL).",
	"message":      "A text (CEL) that is kept with the award.",
	"quiet":        "Whether to send no mail.",
}

// family returns the word for all kinds of the kind's family, such as "member.*".
func family(kind string) string {
	name, _, _ := strings.Cut(kind, ".")
	return name + ".*"
}
