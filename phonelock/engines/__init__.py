"""What tells phone systems about locks; an engine knows its phone system, not the reasons of locks."""
