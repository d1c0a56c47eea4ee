package forge

// ParseTime is parseTime for its tests: it reads outside input and deserves its own fuzzing.
var ParseTime = parseTime
