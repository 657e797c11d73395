"""Virtual cameras: a rendered place with people who are nobody, for tries, tests and evaluation."""
