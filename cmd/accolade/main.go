// Command accolade is the whole product in one binary: the service, its tools and its demo.
//
// Every subcommand is one file and one line of the struct below. The package may import app and
// config to run the service, and the pure rooms for the tools that need no service.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve       serveCommand       `cmd:"" help:"Run the service. Without configuration it keeps everything in an SQLite file here."`
	Demo        demoCommand        `cmd:"" help:"Run the service in a temporary place and play recorded deliveries to it."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database's schema up to date, see what it has, or go back a step."`
	Copy        copyCommand        `cmd:"" help:"Fill the configured database, which has to be new, with another one: from SQLite into Postgres, or back."`
	Apply       applyCommand       `cmd:"" help:"Make rules files the ones that judge, on a running service."`
	Diff        diffCommand        `cmd:"" help:"Say what applying rules files would change; exit with 1 if anything."`
	Rules       rulesCommand       `cmd:"" help:"Check, test and explain rules."`
	Deliveries  deliveriesCommand  `cmd:"" help:"See what forges have sent, and judge it once more."`
	Source      sourceCommand      `cmd:"" help:"Connect forges: configure sources, make their hooks, and see what is missing."`
	Import      importCommand      `cmd:"" help:"Take over what happened before the first webhook, from a forge's API."`
	Reconcile   reconcileCommand   `cmd:"" help:"Find what webhooks have lost, in a forge's API."`
	Redeliver   redeliverCommand   `cmd:"" help:"Ask a forge to send again what never arrived."`
	Badge       badgeCommand       `cmd:"" help:"Write people's badges and cards as files, to show them without the service."`
	Token       tokenCommand       `cmd:"" help:"Issue a token for the API."`
	Mail        mailCommand        `cmd:"" help:"See the mails that are sent."`
	Config      configCommand      `cmd:"" help:"List every setting, or check the present ones."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask the local service whether it is ready; exit with 0 if so."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser := kong.Parse(&commands{},
		kong.Name("accolade"), kong.Description("Achievements for code forges."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	parser.FatalIfErrorf(parser.Run())
}
