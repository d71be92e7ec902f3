// What the importer made of the header, compared with what the library says of itself.

import CRingline
import XCTest

@testable import Ringline

final class LayoutTests: XCTestCase {
  /// Failure: a record whose size, or a field whose offset, is not the library's.
  func testRecordsAreTheLibrarys() {
    let count = Int(ringline_abi_layout(nil, 0))
    var fields = [ringline_abi_field](repeating: ringline_abi_field(), count: count)
    XCTAssertEqual(Int(ringline_abi_layout(&fields, UInt32(count))), count)
    let library = Set(
      fields.map { field in
        let name = UnsafePointer<CChar>(bitPattern: UInt(field.name)).map { String(cString: $0) }
        return LayoutRow(name: name ?? "", offset: Int(field.offset), size: Int(field.size))
      })
    XCTAssertGreaterThan(library.count, 90)
    XCTAssertEqual(library.subtracting(layoutRows()), [])
    XCTAssertEqual(Set(layoutRows()).subtracting(library), [])
  }

  /// Failure: constants of another ABI than the library's, or a check that lets one pass.
  func testVersion() {
    XCTAssertEqual(ringline_abi(), UInt32(ABI.abi))
    XCTAssertEqual(ringline_check_abi(UInt32(ABI.abi) + 1, 64, 32, 128), ABI.eabi)
    let version = "\(ABI.versionMajor).\(ABI.versionMinor).\(ABI.versionPatch)"
    XCTAssertEqual(libraryVersion, version)
  }

  /// Failure: a constant that the importer keeps and the generated file has otherwise.
  func testConstantsAreTheHeaders() {
    XCTAssertEqual(Int(ABI.cfFinal), Int(RINGLINE_CF_FINAL))
    XCTAssertEqual(Int(ABI.opSend), Int(RINGLINE_OP_SEND))
    XCTAssertEqual(Int(ABI.libSendAll), Int(RINGLINE_LIB_SEND_ALL))
    XCTAssertEqual(Int(ABI.cfLease), Int(RINGLINE_CF_LEASE))
  }
}
