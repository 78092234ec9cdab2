/*-------------------------------------------------------------------------
 *
 * sums.c
 *	  The checksums of other tools.
 *
 * A registered text has lost its byte order mark, and a checkout may have
 * changed its line ends.  Where a tool's checksum is one of bytes, a text fits
 * if it would with either.
 *
 * Pure: no catalogs, no locks, any transaction state.  All texts are UTF-8;
 * results are palloc'd.
 *
 *-------------------------------------------------------------------------
 */
#include "tools.h"

#include <ctype.h>

#include "common/cryptohash.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/pg_crc.h"

#define BOM "\xEF\xBB\xBF"

/* JavaScript's trim() goes so far in ASCII. */
#define BLANKS " \t\n\v\f\r"

static int
digest_length(pg_cryptohash_type type)
{
	switch (type)
	{
		case PG_MD5:
			return 16;
		case PG_SHA1:
			return 20;
		case PG_SHA256:
			return 32;
		default:
			return 48;
	}
}

/* The hash of two texts, one after the other. */
static void
digest(pg_cryptohash_type type, const char *before, const char *text, uint8 *result)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(type);

	if (context == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) before, strlen(before)) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) text, strlen(text)) < 0 ||
		pg_cryptohash_final(context, result, digest_length(type)) < 0)
	{
		const char *reason = pg_cryptohash_error(context);

		pg_cryptohash_free(context);
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("could not compute the checksum of another tool: %s", reason)));
	}
	pg_cryptohash_free(context);
}

static char *
to_hex(const uint8 *bytes, int len)
{
	char	   *hex = palloc(len * 2 + 1);

	hex[hex_encode((const char *) bytes, len, hex)] = '\0';
	return hex;
}

static char *
hex_of(pg_cryptohash_type type, const char *before, const char *text)
{
	uint8		bytes[64];

	digest(type, before, text, bytes);
	return to_hex(bytes, digest_length(type));
}

/*
 * mig_sum_hex
 *		The hash of a text, in hexadecimal; type is a pg_cryptohash_type.
 */
char *
mig_sum_hex(const char *text, int type)
{
	return hex_of((pg_cryptohash_type) type, "", text);
}

/*
 * mig_sum_variants
 *		The bytes (char *) that a file may have had which was registered with
 *		this text; first of all itself.
 */
List *
mig_sum_variants(const char *text)
{
	StringInfoData other;
	const char *p;
	List	   *variants = list_make1((char *) text);
	bool		crlf = strstr(text, "\r\n") != NULL;

	initStringInfo(&other);
	for (p = text; *p; p++)
	{
		if (crlf && p[0] == '\r' && p[1] == '\n')
			continue;
		if (!crlf && *p == '\n')
			appendStringInfoChar(&other, '\r');
		appendStringInfoChar(&other, *p);
	}
	if (strcmp(other.data, text) != 0)
		variants = lappend(variants, other.data);
	variants = lappend(variants, psprintf("%s%s", BOM, text));
	if (strcmp(other.data, text) != 0)
		variants = lappend(variants, psprintf("%s%s", BOM, other.data));
	return variants;
}

/* Does some variant of the text, after something else, have this hash? */
static bool
fits(pg_cryptohash_type type, const char *before, const MigToolRow *row,
	 const MigSumText *text, char **computed)
{
	List	   *variants = mig_sum_variants(text->text);
	ListCell   *lc;

	*computed = NULL;
	foreach(lc, variants)
	{
		char	   *hex = hex_of(type, before, (char *) lfirst(lc));

		if (pg_strcasecmp(hex, row->checksum) == 0)
			return true;
		if (*computed == NULL)
			*computed = hex;
	}
	return false;
}

/*
 * mig_sum_sha1, mig_sum_named_sha1
 *		Sqitch's script_hash, and postgres-migrations', which begins with the
 *		file's name.
 */
bool
mig_sum_sha1(const MigToolRow *row, const MigSumText *text, char **computed)
{
	return fits(PG_SHA1, "", row, text, computed);
}

bool
mig_sum_named_sha1(const MigToolRow *row, const MigSumText *text, char **computed)
{
	return fits(PG_SHA1, text->file, row, text, computed);
}

/* SHA-256 with the zeros left out that begin a byte, as Prisma once wrote it. */
static char *
unpadded(const char *hex)
{
	char	   *result = palloc(strlen(hex) + 1);
	char	   *end = result;

	for (; hex[0] && hex[1]; hex += 2)
	{
		if (hex[0] != '0')
			*end++ = hex[0];
		*end++ = hex[1];
	}
	*end = '\0';
	return result;
}

/*
 * mig_sum_sha256
 *		Prisma's and drizzle's.
 */
bool
mig_sum_sha256(const MigToolRow *row, const MigSumText *text, char **computed)
{
	ListCell   *lc;

	if (fits(PG_SHA256, "", row, text, computed))
		return true;
	foreach(lc, mig_sum_variants(text->text))
	{
		if (strcmp(unpadded(mig_sum_hex((char *) lfirst(lc), PG_SHA256)), row->checksum) == 0)
			return true;
	}
	return false;
}

/*
 * mig_sum_sha384
 *		Sqlx's.
 */
bool
mig_sum_sha384(const MigToolRow *row, const MigSumText *text, char **computed)
{
	return fits(PG_SHA384, "", row, text, computed);
}

/*
 * Flyway
 */

/*
 * mig_crc32
 *		The CRC that zlib has.
 */
uint32
mig_crc32(const char *bytes, size_t len)
{
	pg_crc32	crc;

	INIT_TRADITIONAL_CRC32(crc);
	COMP_TRADITIONAL_CRC32(crc, bytes, len);
	FIN_TRADITIONAL_CRC32(crc);
	return crc;
}

/*
 * mig_sum_crc32_lines
 *		Flyway's checksum: of the lines, not of what ends them.
 */
int32
mig_sum_crc32_lines(const char *text)
{
	pg_crc32	crc;

	INIT_TRADITIONAL_CRC32(crc);
	while (*text)
	{
		size_t		len = strcspn(text, "\r\n");

		COMP_TRADITIONAL_CRC32(crc, text, len);
		text += len;
		text += strspn(text, "\r\n");
	}
	FIN_TRADITIONAL_CRC32(crc);
	return (int32) crc;
}

/*
 * mig_sum_flyway
 *		That, or what Flyway up to version 3 had: of the bytes.
 */
bool
mig_sum_flyway(const MigToolRow *row, const MigSumText *text, char **computed)
{
	int32		recorded = (int32) strtol(row->checksum, NULL, 10);
	int32		lines = mig_sum_crc32_lines(text->text);
	ListCell   *lc;

	*computed = psprintf("%d", lines);
	if (lines == recorded)
		return true;
	foreach(lc, mig_sum_variants(text->text))
	{
		char	   *bytes = (char *) lfirst(lc);

		if ((int32) mig_crc32(bytes, strlen(bytes)) == recorded)
			return true;
	}
	return false;
}

/*
 * Liquibase
 */

static const char *
after_dashes(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "--", 2) != 0)
		return NULL;
	line += 2;
	return line + strspn(line, " \t");
}

/* Does a line belong to Liquibase, and not to the changeset's SQL? */
static bool
is_liquibase_line(const char *line)
{
	static const char *const words[] = {
		"liquibase formatted", "changeset", "rollback", "precondition", "comment",
		"validchecksum", "ignorelines", "property"
	};
	const char *word = after_dashes(line);
	int			i;

	for (i = 0; word != NULL && i < lengthof(words); i++)
	{
		size_t		len = strlen(words[i]);

		/*
		 * "--preconditions", "--precondition-sql-check", but not "--
		 * comments"
		 */
		if (pg_strncasecmp(word, words[i], len) == 0 &&
			(words[i][0] == 'p' || !isalnum((unsigned char) word[len])))
			return true;
	}
	return false;
}

/* The SQL of a changeset without blanks and without Liquibase's own lines. */
static char *
liquibase_sql(const char *text)
{
	static const char rollback[] = "/* liquibase rollback";
	StringInfoData sql;
	bool		in_rollback = false;

	initStringInfo(&sql);
	while (*text)
	{
		size_t		len = strcspn(text, "\n");
		const char *p = text + strspn(text, " \t\r");

		if (pg_strncasecmp(p, rollback, strlen(rollback)) == 0)
			in_rollback = true;
		else if (!in_rollback && !is_liquibase_line(text))
		{
			for (p = text; p < text + len; p++)
			{
				if (*p != ' ' && *p != '\t' && *p != '\r')
					appendStringInfoChar(&sql, *p);
			}
		}
		if (in_rollback)
		{
			const char *end = strstr(text, "*/");

			if (end != NULL && end < text + len)
				in_rollback = false;
		}
		text += len;
		if (*text == '\n')
			text++;
	}
	return sql.data;
}

/*
 * mig_sum_liquibase
 *		That of version 9; rows with another version's have no checksum.
 *
 * It is one of the text after substitution, and what the variables were then
 * nobody knows; and a changeset that only sets a tag has no text.
 */
bool
mig_sum_liquibase(const MigToolRow *row, const MigSumText *text, char **computed)
{
	char	   *sql = liquibase_sql(text->text);
	char	   *change = mig_sum_hex(sql, PG_MD5);

	if (sql[0] == '\0' || strstr(sql, "${") != NULL)
		return true;
	*computed = psprintf("9:%s", mig_sum_hex(psprintf("9:%s:", change), PG_MD5));
	return strcmp(*computed, row->checksum) == 0;
}

/*
 * graphile-migrate
 */

static const char *
next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : text;
}

static char *
trimmed(const char *text)
{
	size_t		len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	return pnstrdup(text, len);
}

/*
 * What follows the headers of a committed migration.  *forced is the hash that
 * a header has where another says that it need not be the text's, or NULL.
 */
static const char *
graphile_body(const char *text, char **forced)
{
	static const char *const headers[] = {
		"Previous:", "Message:", "Hash:", "AllowInvalidHash"
	};
	char	   *hash = NULL;
	bool		header = true;

	*forced = NULL;

	while (header)
	{
		const char *word = text + strspn(text, BLANKS);
		int			i;

		header = false;
		if (strncmp(word, "--!", 3) != 0)
			break;
		word += 3;
		word += strspn(word, " \t");
		for (i = 0; i < lengthof(headers); i++)
		{
			if (strncmp(word, headers[i], strlen(headers[i])) != 0)
				continue;
			header = true;
			if (i == 2)
				hash = trimmed(pnstrdup(word + strlen(headers[i]),
										strcspn(word + strlen(headers[i]), "\n")));
			else if (i == 3)
				*forced = hash;
		}
		if (header)
			text = next_line(word);
	}
	return text;
}

/*
 * mig_sum_graphile
 *		A link of graphile-migrate's chain.
 */
bool
mig_sum_graphile(const MigToolRow *row, const MigSumText *text, char **computed)
{
	ListCell   *lc;

	*computed = NULL;
	foreach(lc, list_truncate(mig_sum_variants(text->text), 2))
	{
		char	   *forced;
		char	   *body = trimmed(graphile_body((char *) lfirst(lc), &forced));
		char	   *link = trimmed(psprintf("%s\n%s", row->previous ? row->previous : "", body));
		char	   *sum = psprintf("sha1:%s", mig_sum_hex(psprintf("%s\n", link), PG_SHA1));

		if (strcmp(forced ? forced : sum, row->checksum) == 0)
			return true;
		if (*computed == NULL)
			*computed = forced ? forced : sum;
	}
	return false;
}

/*
 * Atlas, whose checksums go on from file to file: the server's SHA-256 can be
 * asked for its value only once.
 */

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

static const uint32 round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static void
hash_block(uint32 *state, const uint8 *block)
{
	uint32		w[64];
	uint32		v[8];
	int			i;

	for (i = 0; i < 16; i++)
	{
		uint32		word;

		memcpy(&word, block + i * 4, 4);
		w[i] = pg_ntoh32(word);
	}
	for (i = 16; i < 64; i++)
	{
		uint32		s0 = ROTATE(w[i - 15], 7) ^ ROTATE(w[i - 15], 18) ^ (w[i - 15] >> 3);
		uint32		s1 = ROTATE(w[i - 2], 17) ^ ROTATE(w[i - 2], 19) ^ (w[i - 2] >> 10);

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	memcpy(v, state, sizeof(v));
	for (i = 0; i < 64; i++)
	{
		uint32		s1 = ROTATE(v[4], 6) ^ ROTATE(v[4], 11) ^ ROTATE(v[4], 25);
		uint32		choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32		t1 = v[7] + s1 + choice + round_constants[i] + w[i];
		uint32		s0 = ROTATE(v[0], 2) ^ ROTATE(v[0], 13) ^ ROTATE(v[0], 22);
		uint32		majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

		memmove(v + 1, v, sizeof(uint32) * 7);
		v[4] += t1;
		v[0] = t1 + s0 + majority;
	}
	for (i = 0; i < 8; i++)
		state[i] += v[i];
}

static void
hash_bytes_into(MigRunningHash *hash, const uint8 *bytes, size_t len)
{
	while (len > 0)
	{
		size_t		used = hash->length % 64;
		size_t		take = Min(64 - used, len);

		memcpy(hash->block + used, bytes, take);
		hash->length += take;
		bytes += take;
		len -= take;
		if (used + take == 64)
			hash_block(hash->state, hash->block);
	}
}

/*
 * mig_running_hash_begin, mig_running_hash_add, mig_running_hash_value
 *		A SHA-256 of what was added so far; the value is in base64.
 */
void
mig_running_hash_begin(MigRunningHash *hash)
{
	static const uint32 start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};

	memset(hash, 0, sizeof(MigRunningHash));
	memcpy(hash->state, start, sizeof(start));
}

void
mig_running_hash_add(MigRunningHash *hash, const char *bytes)
{
	hash_bytes_into(hash, (const uint8 *) bytes, strlen(bytes));
}

char *
mig_running_hash_value(const MigRunningHash *hash)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const uint8 one = 0x80;
	static const uint8 zero = 0;
	MigRunningHash last = *hash;
	uint64		bits = pg_hton64(hash->length * 8);
	uint8		bytes[33] = {0};
	StringInfoData value;
	int			i;

	hash_bytes_into(&last, &one, 1);
	while (last.length % 64 != 56)
		hash_bytes_into(&last, &zero, 1);
	hash_bytes_into(&last, (uint8 *) &bits, 8);
	for (i = 0; i < 8; i++)
	{
		uint32		word = pg_hton32(last.state[i]);

		memcpy(bytes + i * 4, &word, 4);
	}

	/* 32 bytes are ten times three, and two more */
	initStringInfo(&value);
	for (i = 0; i < 33; i += 3)
	{
		appendStringInfoChar(&value, letters[bytes[i] >> 2]);
		appendStringInfoChar(&value, letters[(bytes[i] & 3) << 4 | bytes[i + 1] >> 4]);
		appendStringInfoChar(&value, letters[(bytes[i + 1] & 15) << 2 | bytes[i + 2] >> 6]);
		appendStringInfoChar(&value, letters[bytes[i + 2] & 63]);
	}
	value.data[value.len - 1] = '=';
	return value.data;
}

/*
 * mig_atlas_ignores
 *		Does a file begin with the line by which its text does not count?
 */
bool
mig_atlas_ignores(const char *text)
{
	static const char directive[] = "atlas:sum";
	size_t		len = strcspn(text, "\r\n");
	char	   *line = pnstrdup(text, len);
	char	   *found = strstr(line, directive);

	if (found == NULL)
		return false;
	found += strlen(directive);
	return strcmp(found + strspn(found, " "), "ignore") == 0;
}

/*
 * mig_java_hash
 *		What Java's String.hashCode() is.
 */
int32
mig_java_hash(const char *utf8)
{
	uint32		hash = 0;

	while (*utf8)
	{
		int			len = pg_utf_mblen((const unsigned char *) utf8);
		pg_wchar	c;

		/* in SQL_ASCII anything may be a name */
		if (strnlen(utf8, len) < len)
			break;
		c = utf8_to_unicode((const unsigned char *) utf8);

		if (c >= 0x10000)
		{
			hash = hash * 31 + (0xD800 + ((c - 0x10000) >> 10));
			hash = hash * 31 + (0xDC00 + ((c - 0x10000) & 0x3FF));
		}
		else
			hash = hash * 31 + c;
		utf8 += len;
	}
	return (int32) hash;
}
