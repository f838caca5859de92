@ The texts of defmt.c: the name of a symbol is the text, its address the number. Other labels are for the program.

	.section .defmt, "", %progbits
	.byte 0

	.macro message label:req
	.global \label
\label:
	.endm

	message defmt_start
	.global "{\"package\":\"fixture\",\"tag\":\"defmt_info\",\"data\":\"started, {=u8} of {=u16:#06x}\",\"disambiguator\":\"1\",\"crate_name\":\"fixture\"}"
"{\"package\":\"fixture\",\"tag\":\"defmt_info\",\"data\":\"started, {=u8} of {=u16:#06x}\",\"disambiguator\":\"1\",\"crate_name\":\"fixture\"}":
	.byte 0

	message defmt_shape
	.global "{\"package\":\"fixture\",\"tag\":\"defmt_derived\",\"data\":\"Dot|Circle {{ r: {=u32} }}\",\"disambiguator\":\"2\",\"crate_name\":\"fixture\"}"
"{\"package\":\"fixture\",\"tag\":\"defmt_derived\",\"data\":\"Dot|Circle {{ r: {=u32} }}\",\"disambiguator\":\"2\",\"crate_name\":\"fixture\"}":
	.byte 0

	message defmt_shapes
	.global "{\"package\":\"fixture\",\"tag\":\"defmt_warn\",\"data\":\"shapes \\\"{}\\\", {}\",\"disambiguator\":\"3\",\"crate_name\":\"fixture\"}"
"{\"package\":\"fixture\",\"tag\":\"defmt_warn\",\"data\":\"shapes \\\"{}\\\", {}\",\"disambiguator\":\"3\",\"crate_name\":\"fixture\"}":
	.byte 0

	message defmt_text
	.global "{\"package\":\"fixture\",\"tag\":\"defmt_println\",\"data\":\"{=str}\",\"disambiguator\":\"4\",\"crate_name\":\"fixture\"}"
"{\"package\":\"fixture\",\"tag\":\"defmt_println\",\"data\":\"{=str}\",\"disambiguator\":\"4\",\"crate_name\":\"fixture\"}":
	.byte 0

	.global "{\"package\":\"fixture\",\"tag\":\"defmt_timestamp\",\"data\":\"{=u32:ms}\",\"disambiguator\":\"5\",\"crate_name\":\"fixture\"}"
"{\"package\":\"fixture\",\"tag\":\"defmt_timestamp\",\"data\":\"{=u32:ms}\",\"disambiguator\":\"5\",\"crate_name\":\"fixture\"}":
	.byte 0

	.global "_defmt_version_ = 4"
"_defmt_version_ = 4":
	.byte 0
	.global "_defmt_encoding_ = rzcobs"
"_defmt_encoding_ = rzcobs":
	.byte 0
