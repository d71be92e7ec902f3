// swift-tools-version: 6.0
// The Swift package of libringline. `CRingline` is the C header as pkg-config finds it, `Ringline`
// what programs import. Other products (Foundation, executors) will stand beside these.

import PackageDescription

let package = Package(
  name: "ringline",
  products: [
    .library(name: "Ringline", targets: ["Ringline"]),
    .library(name: "CRingline", targets: ["CRingline"]),
  ],
  targets: [
    .systemLibrary(name: "CRingline", pkgConfig: "ringline"),
    .target(name: "Ringline", dependencies: ["CRingline"]),
    .executableTarget(name: "tcp-echo", dependencies: ["Ringline"], path: "Examples/TCPEcho"),
    .executableTarget(name: "file-copy", dependencies: ["Ringline"], path: "Examples/FileCopy"),
    .testTarget(name: "RinglineTests", dependencies: ["Ringline", "tcp-echo", "file-copy"]),
  ],
  swiftLanguageModes: [.v6]
)
