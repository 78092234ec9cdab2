/*-------------------------------------------------------------------------
 *
 * format_numbered.c
 *	  Numbered files that are whole scripts: golang-migrate, sqlx and plain.
 *
 * A first line "-- no-transaction" is honoured in all of them, and sqlx is told
 * from the other two by nothing else.  What postgres-migrations has for the
 * same purpose may be anywhere in a file.  Rails' and Ecto's migrations, which
 * are numbered alike, are holes.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static bool
begins_as_sqlx(const MigFileEntry *entry)
{
	return strncmp(entry->text, "-- no-transaction", strlen("-- no-transaction")) == 0;
}

static MigFit
golang_recognise(const MigFileEntry *entry)
{
	return entry->numbered && entry->part != PART_WHOLE &&
		!begins_as_sqlx(entry) ? FIT_SURE : FIT_NO;
}

static MigFit
plain_recognise(const MigFileEntry *entry)
{
	if (entry->language && mig_has_suffix(entry->base, strlen(entry->base), ".d.ts"))
		return FIT_NO;
	return entry->numbered && entry->part == PART_WHOLE ? FIT_SURE : FIT_NO;
}

static MigFit
sqlx_recognise(const MigFileEntry *entry)
{
	if (!entry->numbered)
		return FIT_NO;
	return begins_as_sqlx(entry) ? FIT_SURE : FIT_POSSIBLE;
}

static void
numbered_read(const MigFileEntry *entry, MigSource *source)
{
	MigScript  *script = entry->part == PART_DOWN ?
		&source->down : &source->up;

	mig_take_number(entry, source);
	mig_whole_script(entry, source, script);
	if (entry->language == NULL &&
		(begins_as_sqlx(entry) ||
		 mig_has_comment(entry, "postgres-migrations disable-transaction")))
		script->no_transaction = true;
}

const MigFormat mig_format_golang = {
	.name = "golang-migrate",
	.files = "<number>_<name>.up.sql and <number>_<name>.down.sql",
	.recognise = golang_recognise,
	.read = numbered_read,
	.drafts = {{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", MIG_UNDO_COMMENT}}
};

const MigFormat mig_format_sqlx = {
	.name = "sqlx",
	.files = "<number>_<name>.sql, or <number>_<name>.up.sql and <number>_<name>.down.sql",
	.recognise = sqlx_recognise,
	.read = numbered_read,
	.drafts = {{"", "_", ".up.sql", ""}, {"", "_", ".down.sql", MIG_UNDO_COMMENT}}
};

const MigFormat mig_format_plain = {
	.name = "plain",
	.files = "<version>_<name>.sql",
	.languages = "JavaScript, TypeScript, Ruby, Elixir",
	.unmarked = true,
	.dotted = true,
	.recognise = plain_recognise,
	.read = numbered_read,
	.drafts = {{"", "_", ".sql", ""}}
};
