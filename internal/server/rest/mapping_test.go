package rest

import (
	"reflect"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// The tests of the mappings look inside: no request alone reaches every field.

// fill sets every field of what v points to, at any depth, to something that is not its zero value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
			return
		}
		for _, field := range v.Fields() {
			fill(field)
		}
	case reflect.String:
		v.SetString("set")
	case reflect.Slice:
		v.SetBytes([]byte("set"))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	default:
		panic("fill does not know " + v.Type().String())
	}
}

// unset returns the paths of all fields that have their zero value.
func unset(v reflect.Value, path string) []string {
	var found []string
	switch {
	case v.IsZero():
		found = []string{path}
	case v.Kind() == reflect.Pointer:
		found = unset(v.Elem(), path)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for of, field := range v.Fields() {
			if of.Name != "AvatarUrl" || path == "Award.Achievement" { // people have none
				found = append(found, unset(field, path+"."+of.Name)...)
			}
		}
	}
	return found
}

func TestMappingsForgetNoField(t *testing.T) {
	t.Parallel()

	var award operation.AwardView
	fill(reflect.ValueOf(&award).Elem())
	var user operation.UserView
	fill(reflect.ValueOf(&user).Elem())
	var namespace achievement.Namespace
	fill(reflect.ValueOf(&namespace).Elem())
	for name, mapped := range map[string]any{"Award": (&server{}).award(&award), "User": apiUser(&user), "Namespace": apiNamespace(&namespace)} {
		if missing := unset(reflect.ValueOf(mapped), name); len(missing) > 0 {
			t.Errorf("these fields are never set: %v", missing)
		}
	}
}

func TestAnUnknownViewerSeesNoSettings(t *testing.T) {
	t.Parallel()

	user := operation.UserView{User: achievement.User{ID: 7, Username: "ada", Name: "Ada", Email: "ada@example.com", PrivateProfile: true}}
	got := apiUser(&user)
	if got.Email != nil || got.Admin != nil || got.Blocked != nil || got.Claimed != nil || got.PrivateProfile != nil ||
		got.AchievementsEnabled != nil || got.CreatedAt != nil {
		t.Errorf("a stranger sees %+v", got)
	}
}
