/*-------------------------------------------------------------------------
 *
 * register.c
 *	  The SQL functions that bring migrations into the database.
 *
 * Reads files where the server may; collect.c makes migrations of them.
 * Registration judges each script once, so that a plan need not parse it:
 * how many statements, what needs a worker, what cannot be parsed.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include <ctype.h>
#include <sys/stat.h>

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "storage/fd.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_register);
PG_FUNCTION_INFO_V1(migrate_register_file);
PG_FUNCTION_INFO_V1(migrate_load);
PG_FUNCTION_INFO_V1(migrate_register_files);
PG_FUNCTION_INFO_V1(migrate_unregister);
PG_FUNCTION_INFO_V1(migrate_new);

#define DIRECTORY_DEPTH 4		/* of directories in the one that is loaded */
#define LOGGED_STATEMENT 16384	/* bytes */

/* A migration of a directory, with what decides its place. */
typedef struct Loaded
{
	MigSource  *source;
	bytea	   *key;
	bytea	   *order;
} Loaded;

/* What parsing says; -1 statements and a reason if it cannot be parsed. */
static void
judge(const MigScript *script, MigSide *side)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	int			line = 0;

	memset(side, 0, sizeof(MigSide));
	side->statements = -1;
	if (script->text == NULL)
		return;
	side->exists = true;
	context = AllocSetContextCreate(caller, "migrate parse", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);

	/* values come by a query, whose errors are no judgement */
	script = mig_expand_variables(script, NULL);

	/* the parser holds nothing but memory when it raises an error */
	PG_TRY();
	{
		MigParsed  *parsed = mig_script_parse(script, &line);

		side->statements = parsed->nstmts;
		if (parsed->needs_worker)
			side->worker = MemoryContextStrdup(caller,
											   psprintf("%s, line %d",
														parsed->needs_worker->command,
														parsed->needs_worker->line));
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		FlushErrorState();
		side->broken = line > 0 ? psprintf("%s, line %d", error->message, line) :
			pstrdup(error->message);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static void
warn_broken(const MigSource *source, const MigScript *script, const char *what,
			const char *broken)
{
	if (broken)
		ereport(WARNING,
				(errcode(ERRCODE_MIG_BAD_SCRIPT),
				 errmsg("the %s script of migration %s cannot be parsed: %s%s%s", what,
						mig_label(source->version, source->name), broken,
						script->path ? " of " : "", script->path ? script->path : "")));
}

static void
file_callback(void *arg)
{
	if (arg != NULL)
		errcontext("migration file \"%s\"", (const char *) arg);
}

/*
 * mig_register_source
 *		Store one migration: "registered", "unchanged" or "replaced".
 */
const char *
mig_register_source(const MigSource *source)
{
	ErrorContextCallback callback;
	MigSide		up;
	MigSide		down;
	MigSide		verify;
	const char *action;
	const char *p;
	ListCell   *lc;

	callback.callback = file_callback;
	callback.arg = source->up.path;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	for (p = source->name; *p; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a migration's name must not contain control characters")));
	}
	if (strlen(source->name) > 512)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a migration's name has at most 512 bytes")));

	if (source->kind != MIG_KIND_REPEATABLE &&
		(source->version[0] == '+' || source->version[0] == '-' ||
		 strcmp(source->version, "base") == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version \"%s\" would be taken for a target", source->version),
				 errdetail("A target is a version, +N, -N or base.")));

	/* what could be no version is not to be found when a plan is made */
	foreach(lc, source->requires)
	{
		const char *required = (const char *) lfirst(lc);

		const char *colon = strchr(required, ':');

		(void) mig_version_key(MIG_KIND_VERSIONED, required + (required[0] == '!'));
		if (colon && colon[1])
			(void) mig_version_key(MIG_KIND_VERSIONED, colon + 1);
	}

	judge(&source->up, &up);
	judge(&source->down, &down);
	judge(&source->verify, &verify);
	action = mig_catalog_register(mig_project, source, &up, &down);
	if (strcmp(action, "unchanged") != 0)
	{
		warn_broken(source, &source->up, "up", up.broken);
		warn_broken(source, &source->down, "down", down.broken);
		warn_broken(source, &source->verify, "verify", verify.broken);
	}
	error_context_stack = callback.previous;
	return action;
}

/* A text without a byte order mark, which editors put before it. */
static char *
without_bom(char *content)
{
	return strncmp(content, "\xEF\xBB\xBF", 3) == 0 ? content + 3 : content;
}

static void
set_script(MigScript *script, char *text)
{
	script->text = text ? without_bom(text) : NULL;
	script->line = 1;
}

Datum
migrate_register(PG_FUNCTION_ARGS)
{
	MigSource	source = {0};

	mig_refuse_unless_ready("migrate_register");
	source.kind = MIG_KIND_VERSIONED;
	source.format = "sql";
	source.version = mig_text_argument(fcinfo, 0, NULL);
	source.name = mig_text_argument(fcinfo, 1, NULL);
	set_script(&source.up, mig_text_argument(fcinfo, 2, NULL));
	set_script(&source.down, mig_text_argument(fcinfo, 3, NULL));
	set_script(&source.verify, mig_text_argument(fcinfo, 4, NULL));

	if (source.name == NULL || source.name[strspn(source.name, " ")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a migration needs a name")));
	if (source.up.text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("migration \"%s\" needs an up script", source.name)));
	if (!PG_ARGISNULL(5))
	{
		Datum	   *elements;
		bool	   *nulls;
		int			n;
		int			i;

		deconstruct_array(PG_GETARG_ARRAYTYPE_P(5), TEXTOID, -1, false, TYPALIGN_INT,
						  &elements, &nulls, &n);
		for (i = 0; i < n; i++)
		{
			if (nulls[i])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("a required version must not be null")));
			source.requires = lappend(source.requires, TextDatumGetCString(elements[i]));
		}
	}
	mig_format_directives(&source);
	if (source.version == NULL)
		source.kind = MIG_KIND_REPEATABLE;
	if (source.kind == MIG_KIND_REPEATABLE)
		source.version = source.name;
	PG_RETURN_TEXT_P(cstring_to_text(mig_register_source(&source)));
}

/* A settings file alone. */
static const char *
apply_settings(const MigSource *source, const bytea *key, const MigStored *stored)
{
	bool		up = source->sets_up ? source->up.no_transaction :
		stored->up.no_transaction;
	bool		down = source->sets_down ? source->down.no_transaction :
		stored->down.no_transaction;

	if (up == stored->up.no_transaction && down == stored->down.no_transaction)
		return "unchanged";
	mig_catalog_set_no_transaction(mig_project, key, up, down);
	return "replaced";
}

/*
 * Register one file; where its migration has several, take the rest from
 * what is registered.
 */
static const char *
register_file(MigSource *source, const char *path)
{
	bytea	   *key = mig_version_key(source->kind, source->version);
	MigStored  *stored = mig_catalog_fetch(mig_project, key);

	if (source->up.text == NULL)
	{
		if (stored == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("there is no up script for \"%s\"", path),
					 errdetail("Version %s is not registered.", source->version),
					 errhint("Register the file with its up script first.")));
		source->name = stored->name;
		if (source->down.text == NULL)
			return apply_settings(source, key, stored);
		source->format = stored->format;
		source->up = stored->up;
		source->verify = stored->verify;
		source->requires = stored->requires;
		if (mig_format_has_settings(source->format))
			source->down.no_transaction = stored->down.no_transaction;
	}
	else if (stored != NULL)
	{
		if (source->down.text == NULL && stored->down.path != NULL &&
			stored->up.path != NULL && strcmp(stored->down.path, stored->up.path) != 0)
			source->down = stored->down;
		if (mig_format_has_settings(source->format))
		{
			source->up.no_transaction = stored->up.no_transaction;
			source->down.no_transaction = stored->down.no_transaction;
		}
	}
	return mig_register_source(source);
}

Datum
migrate_register_file(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	MigFile		file;
	ListCell   *lc;

	mig_refuse_unless_ready("migrate_register_file");
	InitMaterializedSRF(fcinfo, 0);
	file.path = mig_text_argument(fcinfo, 0, "path");
	file.content = without_bom(mig_text_argument(fcinfo, 1, "content"));
	foreach(lc, mig_format_read_file(&file))
	{
		MigSource  *source = (MigSource *) lfirst(lc);
		const char *action = register_file(source, file.path);
		Datum		values[3] = {
			CStringGetTextDatum(source->version), CStringGetTextDatum(source->name),
			CStringGetTextDatum(action)
		};
		bool		nulls[3] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Valid UTF-8, from a file or its name, in the server's encoding. */
static char *
to_server(char *bytes, size_t len, const char *path)
{
	ErrorContextCallback callback;
	char	   *text;

	callback.callback = file_callback;
	callback.arg = (void *) path;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	text = pg_any_to_server(bytes, len, PG_UTF8);
	error_context_stack = callback.previous;
	return text;
}

/*
 * A file's text; raw is its path as the operating system knows it.  If it may
 * turn out to be of no interest, NULL where it cannot be had, and *problem.
 */
static char *
read_text(const char *raw, char *path, size_t size, bool needed, char **problem)
{
	FILE	   *file;
	char	   *bytes;
	char	   *start;
	size_t		len;

	if (size > MaxAllocSize / 4)
	{
		*problem = "It is too large.";
		if (!needed)
			return NULL;
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("migration file \"%s\" is too large", path)));
	}
	file = AllocateFile(raw, PG_BINARY_R);
	if (file == NULL && !needed)
	{
		*problem = psprintf("It could not be opened: %s.", strerror(errno));
		return NULL;
	}
	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open migration file \"%s\": %m", path),
				 errhint("The server's operating system user must be able to read it.")));
	bytes = palloc(size + 2);
	len = fread(bytes, 1, size + 1, file);
	if (ferror(file))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read migration file \"%s\": %m", path)));
	FreeFile(file);
	if (len > size)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("migration file \"%s\" grew while it was read", path)));
	bytes[len] = '\0';
	start = without_bom(bytes);
	len -= start - bytes;
	if (!pg_verify_mbstr(PG_UTF8, start, len, true))
	{
		*problem = "It is not valid UTF-8.";
		if (!needed)
			return NULL;
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("migration file \"%s\" is not valid UTF-8", path),
				 errhint("Save it as UTF-8.")));
	}
	return to_server(start, len, path);
}

/*
 * Add a directory's files, and those of its directories, to a list.  raw is
 * its path as the operating system knows it, in UTF-8.
 */
static List *
read_directory(const char *raw_directory, const char *directory, int depth, List *files)
{
	DIR		   *dir = AllocateDir(raw_directory);
	struct dirent *entry;

	while ((entry = ReadDir(dir, raw_directory)) != NULL)
	{
		struct stat st;
		char	   *raw;
		char	   *path;
		MigFile    *file;
		bool		linked;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!pg_verify_mbstr(PG_UTF8, entry->d_name, strlen(entry->d_name), true))
			ereport(ERROR,
					(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
					 errmsg("directory \"%s\" has a file whose name is not valid UTF-8",
							directory)));
		raw = psprintf("%s/%s", raw_directory, entry->d_name);
		path = psprintf("%s/%s", directory,
						to_server(entry->d_name, strlen(entry->d_name), directory));
		file = palloc0(sizeof(MigFile));
		file->path = path;

		/* a link that leads nowhere matters only if it is a migration */
		if (stat(raw, &st) < 0)
		{
			if (mig_format_is_script(path))
				ereport(ERROR,
						(errcode_for_file_access(),
						 errmsg("could not stat migration file \"%s\": %m", path)));
			files = lappend(files, file);
		}
		else if (S_ISDIR(st.st_mode))
		{
			if (entry->d_name[0] == '.' || strcmp(entry->d_name, "node_modules") == 0 ||
				strcmp(entry->d_name, "__pycache__") == 0)
				continue;

			/* a link may lead back: one is followed here, and none in there */
			linked = lstat(raw, &st) == 0 && S_ISLNK(st.st_mode);
			if (depth < (linked ? 1 : DIRECTORY_DEPTH))
				files = read_directory(raw, path, linked ? DIRECTORY_DEPTH : depth + 1, files);
			else
			{
				/* say that it was not looked into */
				file->path = psprintf("%s/", path);
				files = lappend(files, file);
			}
		}
		else if (S_ISREG(st.st_mode))
		{
			if (mig_format_reads(path))
				file->content = read_text(raw, path, st.st_size, mig_format_is_script(path),
										  &file->problem);
			files = lappend(files, file);
		}
	}
	FreeDir(dir);
	return files;
}

static int
compare_files(const ListCell *a, const ListCell *b)
{
	return strcmp(((const MigFile *) lfirst(a))->path,
				  ((const MigFile *) lfirst(b))->path);
}

static int
compare_loaded(const void *a, const void *b)
{
	return mig_key_cmp(((const Loaded *) a)->key, ((const Loaded *) b)->key);
}

static int
compare_placed(const void *a, const void *b)
{
	return mig_key_cmp(((const Loaded *) a)->order, ((const Loaded *) b)->order);
}

/* In the order in which they run, and no two of one version. */
static Loaded *
sort_sources(List *sources)
{
	int			n = list_length(sources);
	Loaded	   *loaded = palloc(sizeof(Loaded) * Max(n, 1));
	ErrorContextCallback callback;
	ListCell   *lc;
	int			i = 0;

	callback.callback = file_callback;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	foreach(lc, sources)
	{
		loaded[i].source = (MigSource *) lfirst(lc);
		callback.arg = loaded[i].source->up.path;
		loaded[i].key = mig_version_key(loaded[i].source->kind, loaded[i].source->version);
		loaded[i].order = mig_order_key(loaded[i].source->kind, loaded[i].source->place,
										loaded[i].key);
		i++;
	}
	error_context_stack = callback.previous;
	qsort(loaded, n, sizeof(Loaded), compare_loaded);
	for (i = 1; i < n; i++)
	{
		if (compare_loaded(&loaded[i - 1], &loaded[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_CONFLICT),
					 errmsg("two migration files have the version %s: \"%s\" and \"%s\"",
							loaded[i].source->version,
							loaded[i - 1].source->up.path, loaded[i].source->up.path),
					 errhint("Give one of them another number.")));
	}
	qsort(loaded, n, sizeof(Loaded), compare_placed);
	return loaded;
}

static char *
join(List *strings)
{
	StringInfoData buf;
	ListCell   *lc;
	int			n = 0;

	initStringInfo(&buf);
	foreach(lc, strings)
	{
		if (n == 10)
		{
			appendStringInfo(&buf, " and %d more", list_length(strings) - n);
			break;
		}
		appendStringInfo(&buf, "%s%s", n++ > 0 ? ", " : "", (char *) lfirst(lc));
	}
	return buf.data;
}

/* directory is what the paths of its files begin with. */
static void
report_files_gone(const char *directory, const Loaded *loaded, int n)
{
	Datum	   *keys = palloc(sizeof(Datum) * Max(n, 1));
	List	   *gone;
	int			i;

	for (i = 0; i < n; i++)
		keys[i] = PointerGetDatum(loaded[i].key);
	gone = mig_catalog_files_gone(mig_project, directory,
								  construct_array(keys, n, BYTEAOID, -1, false, TYPALIGN_INT));
	if (gone != NIL)
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg_plural("%d registered migration has no file in the directory any more",
							   "%d registered migrations have no file in the directory any more",
							   list_length(gone), list_length(gone)),
				 errdetail("Missing: %s.", join(gone)),
				 errhint("Bring the files back, or use migrate_unregister() for what was never applied.")));
}

/* Register all migrations of a directory's files, in order. */
static void
register_directory(const char *directory, List *files, ReturnSetInfo *returned)
{
	const char *format;
	List	   *skipped;
	List	   *sources;
	Loaded	   *loaded;
	int			n;
	int			i;

	/* messages do not depend on the order of the directory */
	list_sort(files, compare_files);
	sources = mig_format_read_directory(files, &format, &skipped);
	n = list_length(sources);
	if (n == 0)
		ereport(WARNING,
				(errcode(ERRCODE_NO_DATA),
				 directory[0] ? errmsg("there are no migrations in directory \"%s\"", directory) :
				 errmsg("there are no migrations")));
	if (skipped != NIL)
		ereport(NOTICE,
				(errmsg_plural("%d file is no migration and was skipped: %s",
							   "%d files are no migrations and were skipped: %s",
							   list_length(skipped), list_length(skipped),
							   join(skipped))));

	loaded = sort_sources(sources);
	for (i = 0; i < n; i++)
	{
		MigSource  *source = loaded[i].source;
		const char *action = mig_register_source(source);
		Datum		values[5] = {
			CStringGetTextDatum(source->version), CStringGetTextDatum(source->name),
			CStringGetTextDatum(source->format), CStringGetTextDatum(action),
			CStringGetTextDatum(source->up.path)
		};
		bool		nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	if (directory[0])
		report_files_gone(psprintf("%s/", directory), loaded, n);
}

Datum
migrate_load(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context;
	char	   *directory;
	List	   *files;

	mig_refuse_unless_ready("migrate_load");
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read migration files on the server"),
				 errdetail("Only roles with privileges of the \"pg_read_server_files\" role may do so."),
				 errhint("Use migrate_register_files() with the files' contents.")));

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate load",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	directory = mig_text_argument(fcinfo, 0, "directory");
	canonicalize_path(directory);
	files = read_directory(pg_server_to_any(directory, strlen(directory), PG_UTF8),
						   directory, 0, NIL);
	register_directory(directory, files, (ReturnSetInfo *) fcinfo->resultinfo);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * The directory that all files are from: of relative paths it is what they
 * begin with, whatever deeper directories they have in common.  Empty if there
 * is none.
 */
static char *
directory_of(List *files)
{
	char	   *common = NULL;
	ListCell   *lc;

	foreach(lc, files)
	{
		const char *path = ((const MigFile *) lfirst(lc))->path;
		const char *slash = path[0] == '/' ? strrchr(path, '/') : strchr(path, '/');
		size_t		len = slash ? slash - path : 0;

		if (common == NULL)
			common = pnstrdup(path, len);
		while (common[0] &&
			   (strncmp(path, common, strlen(common)) != 0 || path[strlen(common)] != '/'))
		{
			char	   *end = strrchr(common, '/');

			*(end ? end : common) = '\0';
		}
	}
	return common ? common : pstrdup("");
}

/* A text of megabytes is nothing for the server log. */
static void
hide_statement(void *arg)
{
	if (debug_query_string != NULL && strlen(debug_query_string) > LOGGED_STATEMENT)
		errhidestmt(true);
}

Datum
migrate_register_files(PG_FUNCTION_ARGS)
{
	ErrorContextCallback callback;
	MemoryContext caller;
	MemoryContext context;
	MigFileSet *set;
	List	   *files = NIL;
	int			i;

	mig_refuse_unless_ready("migrate_register_files");
	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate register",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	callback.callback = hide_statement;
	callback.arg = NULL;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	set = mig_fileset(fcinfo, 0, 1, 2);
	for (i = 0; i < set->n; i++)
	{
		MigFile    *file = palloc0(sizeof(MigFile));

		file->path = set->files[i].path;
		if (set->files[i].content != NULL)
		{
			if (mig_format_reads(file->path))
				file->content = without_bom(set->files[i].content);
		}
		else if (mig_format_is_script(file->path))
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_FILE),
					 errmsg("file \"%s\" was given without its content", file->path)));
		else
			file->problem = "It was given without its content.";
		files = lappend(files, file);
	}
	mig_fileset_begin(set, mig_project);
	register_directory(directory_of(files), files, (ReturnSetInfo *) fcinfo->resultinfo);
	mig_fileset_end(set, mig_project);

	error_context_stack = callback.previous;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

Datum
migrate_unregister(PG_FUNCTION_ARGS)
{
	char	   *version = mig_text_argument(fcinfo, 0, "version");
	bytea	   *key = mig_version_key(MIG_KIND_VERSIONED, version);
	MigStored  *stored;
	MigJournal	journal;

	mig_refuse_unless_ready("migrate_unregister");

	/* a run may be applying it at this moment */
	mig_lock_for_change(mig_project);
	stored = mig_catalog_fetch(mig_project, key);
	if (stored == NULL)
	{
		key = mig_version_key(MIG_KIND_REPEATABLE, version);
		stored = mig_catalog_fetch(mig_project, key);
	}
	if (stored == NULL)
	{
		key = mig_version_key(MIG_KIND_BASELINE, version);
		stored = mig_catalog_fetch(mig_project, key);
	}
	if (stored == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not registered", version)));
	if (mig_state_is_applied(mig_project, key))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_APPLIED),
				 errmsg("migration %s is applied and stays registered",
						mig_label(version, stored->name)),
				 errhint("Roll it back first.")));
	if (mig_journal_read(mig_project, key, &journal))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_HALF_DONE),
				 errmsg("migration %s is half done and stays registered",
						mig_label(version, stored->name)),
				 errhint("Finish it; or undo it by hand, and say so with migrate_unmark().")));
	mig_catalog_unregister(mig_project, key);
	PG_RETURN_VOID();
}

/* The number after this one, as wide; "1.9" is followed by "1.10". */
static char *
next_number(const char *version)
{
	int			len = strlen(version);
	int			end = len;
	int			start;
	int			i;
	char	   *digits;

	while (end > 0 && !isdigit((unsigned char) version[end - 1]))
		end--;
	start = end;
	while (start > 0 && isdigit((unsigned char) version[start - 1]))
		start--;
	if (start == end)
		return psprintf("%s.1", version);
	digits = pnstrdup(version + start, end - start);
	for (i = end - start - 1; i >= 0 && digits[i] == '9'; i--)
		digits[i] = '0';
	if (i >= 0)
		digits[i]++;
	return psprintf("%.*s%s%s", start, version, i < 0 ? "1" : "", digits);
}

static char *
timestamp_version(void)
{
	pg_time_t	now = (pg_time_t) time(NULL);
	char		version[32];

	pg_strftime(version, sizeof(version), "%Y%m%d%H%M%S", pg_gmtime(&now));
	return pstrdup(version);
}

static bool
is_above(const char *a, const char *b)
{
	return mig_key_cmp(mig_version_key(MIG_KIND_VERSIONED, a),
					   mig_version_key(MIG_KIND_VERSIONED, b)) > 0;
}

Datum
migrate_new(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *name = mig_text_argument(fcinfo, 0, NULL);
	char	   *style = mig_text_argument(fcinfo, 1, NULL);
	char	   *version;
	char	   *last;
	char	   *format;
	bool		timestamp;
	ListCell   *lc;

	if (name == NULL || name[strspn(name, " ")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a migration needs a name")));
	InitMaterializedSRF(fcinfo, 0);
	format = mig_catalog_last_format(mig_project, &last);
	if (format == NULL || strcmp(format, "sql") == 0)
		format = "native";
	/* prisma's versions go on with the name */
	if (last != NULL)
		last[strspn(last, "0123456789.")] = '\0';
	if (last != NULL && *last == '\0')
		last = NULL;

	timestamp = last == NULL || strspn(last, "0123456789") >= 12;
	if (style != NULL && strcmp(style, "timestamp") == 0)
		timestamp = true;
	else if (style != NULL && strcmp(style, "number") == 0)
		timestamp = false;
	else if (style != NULL)
		format = style;

	if (timestamp)
	{
		version = timestamp_version();
		if (last != NULL && !is_above(version, last))
			version = next_number(last);
	}
	else
		version = last ? next_number(last) : pstrdup("001");

	foreach(lc, mig_format_template(format, version, name))
	{
		MigFile    *file = (MigFile *) lfirst(lc);
		Datum		values[2] = {
			CStringGetTextDatum(file->path), CStringGetTextDatum(file->content)
		};
		bool		nulls[2] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	return (Datum) 0;
}
