package main

// postgres is the database of most contestants.
const postgres = "postgres"

// contestant is a server to measure. Those whose names begin with "ours" are the real server.
type contestant struct {
	name, about string
	// database says what it keeps its book in: "", "postgres" or "sqlite".
	database string
	// rules are what it judges by; those that everybody has, if it is not said.
	rules ruleset
	// history is how many events its book holds before, and crowd of how many people; of those that the load is about, if it is 0.
	history, crowd int
	// lone says that one connection alone is measured, too.
	lone bool
	// people are whom the deliveries are about.
	people choice
	// storm says that everything is sent a second time, and once more after a restart.
	storm bool
}

// block are contestants that take turns, so that whatever else the machine does hits all of them.
type block struct {
	name, title string
	// connections is how many send at once; as many as the flag says, if it is 0.
	connections int
	// narrow says that its goals ask for small differences, which takes moreRounds.
	narrow      bool
	contestants []contestant
}

// moreRounds is how many rounds there are more where small differences are asked for, and of readings, which are cheap.
const moreRounds = 2

// blocks are everything about taking in deliveries.
func blocks() []block {
	return []block{
		{name: "ingest", title: "Taking in deliveries", narrow: true, contestants: []contestant{
			{name: "bare", about: "gin + HMAC, keeps nothing", lone: true},
			{name: "naive-store", about: "Redis SETNX, JSON parsed, a transaction with one INSERT of jsonb; no rules", database: postgres, lone: true},
			{name: "naive", about: "the same with rules: a transaction a delivery, a statement a count", database: postgres, lone: true},
			{name: "ours", about: "the real server on Postgres and Redis", database: postgres, lone: true},
			{name: chanceName, about: "the same, when the people come by chance instead of by turns", database: postgres, people: byChance, lone: true},
			{name: "ours-sqlite", about: "the real server on SQLite alone, synchronous=FULL", database: "sqlite", lone: true},
		}},
		{name: "growth", title: "More rules", narrow: true, contestants: []contestant{
			{name: "ours-100", about: "100 rules, one threshold each", database: postgres},
			{name: "ours-1100", about: "1,000 more rules that match nothing, a quarter of them for the same events", database: postgres, rules: more},
			{name: "ours-10100", about: "10,000 more of them", database: postgres, rules: most},
			{name: "ours-tiers", about: "100 rules, five thresholds each; the four more are not reached", database: postgres, rules: tall},
			{name: "ours-wide", about: "126 rules, of which a delivery matches 34.5 on average instead of 8.5", database: postgres, rules: wide},
		}},
		{name: "history", title: "A long history", narrow: true, contestants: []contestant{
			{name: "ours-1e4", about: "10,000 earlier deliveries with an event each, of the 1,000 people that those to come are about", database: postgres, history: 10_000},
			{name: "ours-1e6", about: "1,000,000 of them, of the same people", database: postgres, history: 1_000_000},
			{name: "ours-1e6-crowd", about: "1,000,000 of them, of 100,000 people", database: postgres, history: 1_000_000, crowd: 100_000},
		}},
		{name: "hot", title: "One person", connections: 16, contestants: []contestant{
			{name: "ours-1000-people", about: "deliveries of 1,000 people by turns, 16 connections", database: postgres},
			{name: "ours-1-person", about: "all of them of one person, 16 connections", database: postgres, people: onePerson},
		}},
		{name: "storm", title: "Everything again", contestants: []contestant{
			{name: "ours-storm", about: "the same deliveries once more, and once more after a restart", database: postgres, storm: true},
		}},
	}
}
