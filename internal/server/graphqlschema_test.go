package server_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/seed-504bad89/accolade/api/graphql"
)

var rewriteSchema = flag.Bool("rewrite-schema", false, "take the schema as what clients may rely on from now on; what breaks them is refused all the same")

const keptSchema = "testdata/schema.graphql"

// Clients rely on the schema as it was: what is there stays, and nothing new is asked of them.
func TestSchemaKeepsItsPromises(t *testing.T) {
	t.Parallel()

	kept, err := os.ReadFile(keptSchema)
	if err != nil {
		t.Fatal(err)
	}
	now := string(graphql.Document())
	for _, broken := range breaks(t, string(kept), now) {
		t.Errorf("this breaks clients: %s", broken)
	}
	if *rewriteSchema && !t.Failed() {
		if err := os.WriteFile(keptSchema, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(kept) != now {
		t.Errorf("the schema is not the one in %s; run this test with -args -rewrite-schema", keptSchema)
	}
}

func TestBreakingChangesAreFound(t *testing.T) {
	t.Parallel()

	kept := string(graphql.Document())
	for _, tc := range []struct{ from, to, want string }{
		{"  \"The user whose token this is; null for nobody's.\"\n  currentUser: CurrentUser\n", "", "Query.currentUser is gone"},
		{"user(id: UserID, username: String)", "user(id: UserID)", "the argument username of Query.user is gone"},
		{"user(id: UserID, username: String)", "user(id: UserID, username: String!)", "the argument username of Query.user is String! instead of String"},
		{"user(id: UserID, username: String)", "user(id: UserID, username: String, by: String!)", "the argument by of Query.user is new and needed"},
		{"name: String!\n  avatarUrl: String\n  description: String\n  createdAt", "name: String\n  avatarUrl: String\n  description: String\n  createdAt", "Achievement.name is String instead of String!"},
		{"REVOCABLE REPEATABLE", "REPEATABLE", "the value REVOCABLE of AchievementKind is gone"},
		{"kind: AchievementKind\n}\n\ninput AchievementsUpdateInput", "kind: AchievementKind!\n}\n\ninput AchievementsUpdateInput", "AchievementsCreateInput.kind is AchievementKind! instead of AchievementKind"},
		{"input AchievementsDeleteInput { ", "input AchievementsDeleteInput { why: String! ", "AchievementsDeleteInput.why is new and needed"},
		{"type AchievementEdge { cursor: String! node: Achievement }", "type AchievementEdge { cursor: String! node: Achievement more: Int }", ""},
		{"description: String\n  createdAt", "description: String!\n  createdAt", ""},
	} {
		if !strings.Contains(kept, tc.from) {
			t.Fatalf("the schema has no %q", tc.from)
		}
		got := breaks(t, kept, strings.Replace(kept, tc.from, tc.to, 1))
		if tc.want == "" && len(got) > 0 || tc.want != "" && !slices.Contains(got, tc.want) {
			t.Errorf("%q instead of %q breaks %q, want %q", tc.to, tc.from, got, tc.want)
		}
	}
}

// breaks returns what of a schema another one does not keep.
func breaks(t *testing.T, before, after string) []string {
	t.Helper()

	old, oldErr := gqlparser.LoadSchema(&ast.Source{Input: before})
	now, nowErr := gqlparser.LoadSchema(&ast.Source{Input: after})
	if oldErr != nil || nowErr != nil {
		t.Fatalf("a schema cannot be read: %v, %v", oldErr, nowErr)
	}
	var broken []string
	for name, kind := range old.Types {
		if strings.HasPrefix(name, "__") {
			continue
		}
		other := now.Types[name]
		if other == nil || other.Kind != kind.Kind {
			broken = append(broken, name+" is gone")
			continue
		}
		for _, value := range kind.EnumValues {
			if other.EnumValues.ForName(value.Name) == nil {
				broken = append(broken, "the value "+value.Name+" of "+name+" is gone")
			}
		}
		broken = append(broken, brokenFields(kind, other)...)
	}
	return broken
}

func brokenFields(kind, other *ast.Definition) []string {
	input := kind.Kind == ast.InputObject
	var broken []string
	for _, field := range kind.Fields {
		here := kind.Name + "." + field.Name
		still := other.Fields.ForName(field.Name)
		switch {
		case strings.HasPrefix(field.Name, "__"):
			continue
		case still == nil:
			broken = append(broken, here+" is gone")
			continue
		case !keeps(field.Type, still.Type, input):
			broken = append(broken, here+" is "+still.Type.String()+" instead of "+field.Type.String())
		}
		for _, argument := range field.Arguments {
			switch same := still.Arguments.ForName(argument.Name); {
			case same == nil:
				broken = append(broken, "the argument "+argument.Name+" of "+here+" is gone")
			case !keeps(argument.Type, same.Type, true):
				broken = append(broken, "the argument "+argument.Name+" of "+here+" is "+same.Type.String()+" instead of "+argument.Type.String())
			}
		}
		for _, argument := range still.Arguments {
			if field.Arguments.ForName(argument.Name) == nil && argument.Type.NonNull && argument.DefaultValue == nil {
				broken = append(broken, "the argument "+argument.Name+" of "+here+" is new and needed")
			}
		}
	}
	for _, field := range other.Fields {
		if input && kind.Fields.ForName(field.Name) == nil && field.Type.NonNull && field.DefaultValue == nil {
			broken = append(broken, kind.Name+"."+field.Name+" is new and needed")
		}
	}
	return broken
}

// keeps reports whether who relies on the one type can do with the other: what is given may be promised to be there,
// and what is asked for may no longer be needed.
func keeps(before, after *ast.Type, input bool) bool {
	if before.NonNull != after.NonNull && after.NonNull == input {
		return false
	}
	if before.Elem == nil || after.Elem == nil {
		return before.Elem == nil && after.Elem == nil && before.NamedType == after.NamedType
	}
	return keeps(before.Elem, after.Elem, input)
}
