//go:build faults

package faults_test

import (
	"os"
	"testing"

	"github.com/seed-504bad89/accolade/internal/faults"
)

func TestMain(m *testing.M) { os.Exit(faults.Main(m)) }
