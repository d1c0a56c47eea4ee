package rule

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/seed-504bad89/accolade/internal/event"
)

// adapter makes accounts and lists of them what expressions see; all else it leaves to another.
type adapter struct{ types.Adapter }

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(value any) ref.Val {
	switch value := value.(type) {
	case ref.Val:
		return value
	case *event.Account:
		if value == nil {
			return types.NullValue
		}
		return account{value}
	case event.Account:
		return account{&value}
	case []event.Account:
		return listOfAccounts(value)
	case []event.Commit:
		commits := make([]ref.Val, len(value))
		for i := range value {
			commits[i] = a.Adapter.NativeToValue(&value[i])
		}
		return types.NewRefValList(a, commits)
	default:
		return a.Adapter.NativeToValue(value)
	}
}

func listOfAccounts(accounts []event.Account) ref.Val {
	values := make([]ref.Val, len(accounts))
	for i := range accounts {
		values[i] = account{&accounts[i]}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, values)
}

// account is a person in expressions. Two are equal when they are the same person, whatever else an event
// says of each: one place has the login, another the id alone.
type account struct{ *event.Account }

// Equal implements ref.Val.
func (a account) Equal(other ref.Val) ref.Val {
	b, ok := other.(account)
	if !ok || a.Source != b.Source {
		return types.False
	}
	if a.ID == "" || b.ID == "" {
		return types.Bool(a.Login != "" && a.Login == b.Login)
	}
	return types.Bool(a.ID == b.ID)
}

// ConvertToNative implements ref.Val.
func (a account) ConvertToNative(to reflect.Type) (any, error) {
	switch to {
	case reflect.TypeFor[*event.Account]():
		return a.Account, nil
	case reflect.TypeFor[event.Account]():
		return *a.Account, nil
	default:
		return nil, fmt.Errorf("an account cannot be made a %v", to)
	}
}

// ConvertToType implements ref.Val.
func (a account) ConvertToType(to ref.Type) ref.Val {
	switch to.TypeName() {
	case types.TypeType.TypeName():
		return accountType
	case accountType.TypeName():
		return a
	default:
		return types.NewErr("an account cannot be made a %s", to.TypeName())
	}
}

// Type implements ref.Val.
func (account) Type() ref.Type { return accountType }

// Value implements ref.Val.
func (a account) Value() any { return a.Account }

// Get implements traits.Indexer, for accounts whose type an expression has lost.
func (a account) Get(field ref.Val) ref.Val {
	read := readerOf(field)
	if read == nil {
		return types.NewErr("an account has no field %v", field)
	}
	value, err := read.get(a.Account)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.DefaultTypeAdapter.NativeToValue(value)
}

// IsSet implements traits.FieldTester, as Get does traits.Indexer.
func (a account) IsSet(field ref.Val) ref.Val {
	read := readerOf(field)
	if read == nil {
		return types.NewErr("an account has no field %v", field)
	}
	return types.Bool(read.isSet(a.Account))
}

// readerOf returns how to read an account's field by its name in rules; nil when there is none.
func readerOf(name ref.Val) *reader {
	accounts := reflect.TypeFor[event.Account]()
	for field := range accounts.Fields() {
		if name.Equal(types.String(celName(field))) == types.True {
			return &reader{of: accounts, field: field}
		}
	}
	return nil
}
