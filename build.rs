//! Compiles `proto/` without `protoc`: messages, clients and servers, `Debug` for the messages that
//! carry personal data, and the descriptor set, all of it into `OUT_DIR`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor, Value};

const ROOT: &str = "proto";
const PACKAGE: &str = "tieline.v1";

fn main() -> Result<(), Box<dyn Error>> {
    // tonic_prost_build does not say so itself.
    println!("cargo:rerun-if-changed={ROOT}");

    let mut compiler = protox::Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true).open_files(contract_files()?)?;

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptor_set.bin"), compiler.encode_file_descriptor_set())?;

    let pool = compiler.descriptor_pool();
    let redacted = redacted_messages(&pool);
    fs::write(out.join("redacted_debug.rs"), redacted_debug(&redacted)?)?;

    tonic_prost_build::configure()
        // Clients are generic over their channel: this crate opens no sockets.
        .build_transport(false)
        // The order of parameters must not depend on a hash seed.
        .btree_map(".")
        .skip_debug(redacted.iter().map(MessageDescriptor::full_name))
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn contract_files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let folder = Path::new(ROOT).join(PACKAGE.replace('.', "/"));
    let mut files = fs::read_dir(folder)?.map(|entry| entry.map(|file| file.path())).collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "proto"));
    files.sort();
    Ok(files)
}

fn redacted_messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages()
        .filter(|message| message.package_name() == PACKAGE)
        .filter(|message| message.fields().any(|field| is_redacted(&field)))
        .collect()
}

fn is_redacted(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").is_some_and(|value| *value == Value::Bool(true))
}

/// `Debug` that shows every field but those marked `debug_redact` in the contract, and says that
/// it leaves some out.
fn redacted_debug(messages: &[MessageDescriptor]) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for message in messages {
        let name = message.name();
        writeln!(code, "impl ::core::fmt::Debug for {name} {{")?;
        writeln!(code, "fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{")?;
        writeln!(code, "f.debug_struct({name:?})")?;
        for field in message.fields().filter(|field| !is_redacted(field)) {
            let field = field.name();
            writeln!(code, ".field({field:?}, &self.{field})")?;
        }
        writeln!(code, ".finish_non_exhaustive()\n}}\n}}")?;
    }
    Ok(code)
}
